-- Flights and their mean arrival delay, per airport of origin.
select
  origin,
  count(*) as flights,
  avg(delay) as mean_delay
from {{dataset}}.flights
group by origin
