select *
from {{ ref('fct_feedback_period') }}
where
    promoters_count + passives_count + detractors_count <> case when measure = 'nps' then answers_count else 0 end
    or top_box_count > answers_count
    or customers_count > answers_count
    or score_sum < answers_count * scale_min
    or score_sum > answers_count * scale_max
