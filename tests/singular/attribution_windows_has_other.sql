-- Every channel without a row of its own takes the window of `other`.
select count(*) as row_count
from {{ ref('attribution_windows') }}
where channel = 'other'
having count(*) <> 1
