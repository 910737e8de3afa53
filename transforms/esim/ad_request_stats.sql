-- ClickHouse. One row per request for ads in the server's log.
with ifNull(data, '{}') as entry
select
  id,
  user_id,
  name,
  lower(if(name = 'ad_fetch', JSONExtractString(entry, 'request', 'vertical'), splitByChar('.', ifNull(name, ''))[2])) as vertical,
  upper(JSONExtractString(entry, 'request', 'country')) as country,
  JSONExtractString(entry, 'request', 'os') as os,
  JSONExtractString(entry, 'request', 'deviceType') as device_type,
  lower(JSONExtractString(entry, 'request', 'source')) as source,
  length(JSONExtractArrayRaw(entry, if(name = 'ad_fetch', 'response', 'kwargs'), 'inlineItems')) as ad_count,
  created_at as request_time
from {{dataset}}.server_logs_log
where name in ('InlineAdsViewSet.car', 'InlineAdsViewSet.flight', 'InlineAdsViewSet.hotel', 'ad_fetch')
  and id >= {{since}}
