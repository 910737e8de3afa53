-- ClickHouse. One row per ad that a request was answered with; `rank` is its place in the answer, from 1.
with ifNull(data, '{}') as entry,
ads as (
  select
    id,
    user_id,
    created_at,
    JSONExtractRaw(entry, 'request') as request,
    if(name = 'ad_fetch', '1.0', '2.0') as version,
    if(
      name = 'ad_fetch',
      lower(JSONExtractString(entry, 'request', 'vertical')),
      splitByChar('.', ifNull(name, ''))[2]
    ) as vertical,
    -- The first version kept what it answered, the second what it was asked to log.
    JSONExtractArrayRaw(entry, if(name = 'ad_fetch', 'response', 'kwargs'), 'inlineItems') as items
  from {{dataset}}.server_logs_log
  where name in ('InlineAdsViewSet.car', 'InlineAdsViewSet.flight', 'InlineAdsViewSet.hotel', 'ad_fetch')
    and created_at >= toDateTime64({{since}}, 6, 'UTC')
)
select
  concat(toString(id), '-', toString(rank)) as id,
  user_id,
  rank,
  JSONExtractString(item, 'site') as site,
  JSONExtractString(item, 'headline') as headline,
  JSONExtractString(item, 'productType') as product_type,
  JSONExtractString(item, 'description') as description,
  JSONExtractString(item, 'bookingButtonText') as booking_button_text,
  -- Money keeps its digits.
  toDecimal128OrNull(trim(both '"' from JSONExtractRaw(item, 'cpcPrice')), 9) as cpc_price,
  JSONExtractString(item, 'cpcCurrency') as cpc_currency,
  nullIf(JSONExtractString(request, 'cabin'), '') as cabin_class,
  multiIf(
    vertical = 'flight', JSONExtract(request, 'passengers', 'Nullable(Int64)'),
    vertical = 'hotel', JSONExtract(request, 'adults', 'Nullable(Int64)'),
    null
  ) as travelers,
  toDate32OrNull(left(multiIf(
    vertical = 'car', JSONExtractString(request, 'pickUpDate'),
    vertical = 'flight', JSONExtractString(request, 'legs', 1, 'date'),
    JSONExtractString(request, 'checkinDate')
  ), 10)) as start_date,
  toDate32OrNull(left(multiIf(
    vertical = 'car', JSONExtractString(request, 'dropOffDate'),
    vertical = 'hotel', JSONExtractString(request, 'checkoutDate'),
    ''
  ), 10)) as end_date,
  nullIf(multiIf(
    vertical = 'car', JSONExtractString(request, 'pickUpLocation', 'locationQuery'),
    vertical = 'flight', JSONExtractString(request, 'legs', 1, 'originAirport'),
    ''
  ), '') as origin,
  nullIf(multiIf(
    vertical = 'flight', JSONExtractString(request, 'legs', 1, 'destinationAirport'),
    vertical = 'hotel', JSONExtractString(request, 'cityId'),
    ''
  ), '') as destination,
  JSONExtractString(request, 'os') as os,
  upper(JSONExtractString(request, 'country')) as country,
  created_at,
  version
from ads
array join items as item, arrayEnumerate(items) as rank
