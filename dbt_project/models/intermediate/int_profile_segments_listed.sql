with

profiles as (
    select * from {{ ref('int_customer_profiles_dated') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

-- any customer of a combination shows which keys it is made of
examples as (
    select
        profile_id,
        min(customer_id) as customer_id
    from profiles
    group by profile_id
),

moments as (
    select
        profiles.profile_id,
        profiles.configured_profile_id,
        profiles.customer_id,
        min(profiles.valid_from) as valid_from
    from profiles
    inner join examples
        on
            profiles.profile_id = examples.profile_id
            and profiles.customer_id = examples.customer_id
    group by profiles.profile_id, profiles.configured_profile_id, profiles.customer_id
),

keys as (
    select
        moments.profile_id,
        moments.configured_profile_id,
        segments.segment_set,
        segments.segment_key,
        segments.is_derived
    from moments
    inner join segments
        on
            moments.customer_id = segments.customer_id
            and moments.valid_from >= segments.valid_from
            and moments.valid_from < segments.valid_to
),

final as (
    select
        profile_id,
        segment_set,
        segment_key
    from keys
    union
    select
        configured_profile_id as profile_id,
        segment_set,
        segment_key
    from keys
    where not is_derived
)

select * from final
