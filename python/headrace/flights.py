"""A simulated flight schedule, with the columns of the US DOT's on-time performance data.

Airlines are invented, airports and the distances between them are not. A timetable is flown day
after day: delays grow in the course of a day and are worse on some days than on others, a few
flights are cancelled or diverted and leave fields empty, clocks show the airports' own time.

Examples
--------
>>> import headrace as hr
>>> day = hr.flights.schedule(rows=6, seed=1)
>>> day["FlightDate"].unique().tolist(), day["CRSDepTime"].is_monotonic_increasing
(['2015-01-01'], True)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headrace.csv_format import CsvFormat, row_bytes
from headrace.errors import InvalidArgument
from headrace.lazy import np, npt, pd
from headrace.schema import Schema, float64, int64, nullable, string, timestamp_from

__all__ = ["AIRLINES", "COLUMNS", "SCHEMA", "records", "schedule"]

# Invented, with the flights of a day.
_FLEETS = {
    "Auric": 120,
    "Borealis": 100,
    "Cirrus": 80,
    "Drift": 64,
    "Ember": 52,
    "Fjord": 42,
    "Gale": 34,
    "Halcyon": 28,
    "Isobar": 22,
    "Jetsam": 18,
}
AIRLINES = tuple(_FLEETS)

# Code, city, state, latitude, longitude, hours that clocks are ahead of UTC in winter.
_AIRPORTS = (
    ("ATL", "Atlanta", "GA", 33.64, -84.43, -5),
    ("BOS", "Boston", "MA", 42.36, -71.01, -5),
    ("CLT", "Charlotte", "NC", 35.21, -80.94, -5),
    ("DEN", "Denver", "CO", 39.86, -104.67, -7),
    ("DFW", "Dallas/Fort Worth", "TX", 32.90, -97.04, -6),
    ("DTW", "Detroit", "MI", 42.21, -83.35, -5),
    ("JFK", "New York", "NY", 40.64, -73.78, -5),
    ("LAX", "Los Angeles", "CA", 33.94, -118.41, -8),
    ("MIA", "Miami", "FL", 25.79, -80.29, -5),
    ("MSP", "Minneapolis", "MN", 44.88, -93.22, -6),
    ("ORD", "Chicago", "IL", 41.98, -87.90, -6),
    ("PHX", "Phoenix", "AZ", 33.43, -112.01, -7),
    ("SEA", "Seattle", "WA", 47.45, -122.31, -8),
    ("SFO", "San Francisco", "CA", 37.62, -122.37, -8),
    ("SLC", "Salt Lake City", "UT", 40.79, -111.98, -7),
    ("STL", "St. Louis", "MO", 38.75, -90.37, -6),
)

_TEXT = nullable(string)
_COUNT = nullable(int64)
_TYPES = {
    "FlightDate": string,
    "Airline": string,
    "Flight_Number_Marketing_Airline": int64,
    "Tail_Number": _TEXT,
    "Origin": string,
    "OriginCityName": string,
    "OriginState": string,
    "Dest": string,
    "DestCityName": string,
    "DestState": string,
    "CRSDepTime": int64,
    "DepTime": _COUNT,
    "DepDelay": _COUNT,
    "DepDelayMinutes": _COUNT,
    "DepDel15": _COUNT,
    "DepartureDelayGroups": _COUNT,
    "DepTimeBlk": string,
    "TaxiOut": _COUNT,
    "WheelsOff": _COUNT,
    "WheelsOn": _COUNT,
    "TaxiIn": _COUNT,
    "CRSArrTime": int64,
    "ArrTime": _COUNT,
    "ArrDelay": _COUNT,
    "ArrDelayMinutes": _COUNT,
    "ArrDel15": _COUNT,
    "ArrivalDelayGroups": _COUNT,
    "ArrTimeBlk": string,
    "Cancelled": int64,
    "CancellationCode": _TEXT,
    "Diverted": int64,
    "CRSElapsedTime": int64,
    "ActualElapsedTime": _COUNT,
    "AirTime": _COUNT,
    "Flights": int64,
    "Distance": float64,
    "DistanceGroup": int64,
    "CarrierDelay": _COUNT,
    "WeatherDelay": _COUNT,
    "NASDelay": _COUNT,
    "SecurityDelay": _COUNT,
    "LateAircraftDelay": _COUNT,
    "DivAirportLandings": int64,
    "Year": int64,
    "Quarter": int64,
    "Month": int64,
    "DayofMonth": int64,
    "DayOfWeek": int64,
}
COLUMNS = tuple(_TYPES)

SCHEMA = Schema(
    {
        **_TYPES,
        "FlightDate": timestamp_from(
            year="Year", month="Month", day="DayofMonth", clock="CRSDepTime"
        ),
    },
    event_time="FlightDate",
    key="Airline",
    csv=CsvFormat(columns=COLUMNS),
)

_DAY = 1440  # minutes
_EARTH_MILES = 3958.8
_CAUSES = ("CarrierDelay", "WeatherDelay", "NASDelay", "SecurityDelay", "LateAircraftDelay")
_AFTER_TAKE_OFF = ("WheelsOn", "TaxiIn", "ArrTime", "ArrDelay", "ActualElapsedTime", "AirTime")
_IN_FLIGHT = ("DepTime", "DepDelay", "TaxiOut", "WheelsOff", *_AFTER_TAKE_OFF)

if TYPE_CHECKING:
    Numbers = npt.NDArray[np.int64]


def schedule(
    rows: int = 10_000, airlines: int = 3, seed: int = 1, start: str = "2015-01-01"
) -> pd.DataFrame:
    """Return flights in the order of their scheduled departures.

    Parameters
    ----------
    rows : int
        Flights in all. Three airlines fly about 300 a day.
    airlines : int
        How many of :data:`AIRLINES`, 1 to 10.
    seed : int
        The same seed gives the same flights.
    start : str or date
        The first day.

    Returns
    -------
    pandas.DataFrame
        The columns of :data:`COLUMNS`, as a CSV file has them: ``FlightDate`` is text, clocks are
        numbers such as 1745. In :data:`SCHEMA` ``FlightDate`` is the scheduled departure, composed
        of day and clock.

    Examples
    --------
    >>> import headrace as hr
    >>> df = hr.flights.schedule(rows=2000, airlines=3, seed=1)
    >>> flights = hr.from_frame(df, schema=hr.flights.SCHEMA)
    >>> flights.filter(hr.col("Cancelled") == 0).collect().shape
    (1955, 48)
    """
    if not 1 <= airlines <= len(AIRLINES):
        raise InvalidArgument(f"airlines: expected 1 to {len(AIRLINES)}, got {airlines}")
    if rows < 0:
        raise InvalidArgument(f"rows: expected 0 or more, got {rows}")
    try:
        first = pd.Timestamp(start).normalize().tz_localize(None)
    except ValueError as error:
        raise InvalidArgument(f'start: expected a day as "2015-01-01", got {start!r}') from error
    rng = np.random.default_rng(seed)
    table = _timetable(AIRLINES[:airlines], rng)
    days = rows // len(table) + 1
    flights = pd.concat([table] * days, ignore_index=True)
    flights["day"] = np.repeat(np.arange(days), len(table))
    flights = flights.head(rows).copy()
    _fly(flights, rng)
    _date(flights, first)
    _derive(flights)
    return flights[list(COLUMNS)].astype({name: _dtype(name) for name in COLUMNS})


def records(frame: pd.DataFrame) -> Iterator[tuple[bytes, bytes]]:
    """Yield the rows as Kafka key and CSV value.

    Examples
    --------
    >>> import headrace as hr
    >>> key, value = next(hr.flights.records(hr.flights.schedule(rows=1)))
    >>> key, value.split(b",")[:2]
    (b'Cirrus', [b'2015-01-01', b'Cirrus'])
    """
    cells = frame[list(COLUMNS)].astype(object)
    for row in cells.where(cells.notna(), "").itertuples(index=False):
        yield row[1].encode(), row_bytes(row, ",")


def _dtype(name: str) -> str:
    dtype = _TYPES[name]
    if dtype.name == "string":
        return "object"
    return "Int64" if dtype.is_nullable else dtype.name


def _timetable(airlines: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    """Return the flights of one day, by their local times of departure."""
    parts = []
    for name in airlines:
        count = _FLEETS[name]
        origin = rng.integers(len(_AIRPORTS), size=count)
        dest = (origin + rng.integers(1, len(_AIRPORTS), size=count)) % len(_AIRPORTS)
        distance = _miles(origin, dest)
        part = pd.DataFrame(
            {
                "Airline": name,
                "Flight_Number_Marketing_Airline": rng.choice(4000, count, replace=False) + 1,
                "Tail_Number": [f"N{n}{name[:2].upper()}" for n in rng.integers(100, 999, count)],
                "from": origin,
                "to": dest,
                "departure": _busy_hours(count, rng),
                "Distance": distance,
                "CRSElapsedTime": (distance / 7.8 + 42).round().astype(np.int64),
            }
        )
        parts.append(part)
    return pd.concat(parts).sort_values(["departure", "Airline"], kind="stable", ignore_index=True)


def _busy_hours(count: int, rng: np.random.Generator) -> Numbers:
    """Return minutes of the day: many in the morning and the evening, few at night."""
    morning, evening, night = rng.normal(480, 110, count), rng.normal(1020, 150, count), 5
    minutes = np.where(rng.random(count) < 0.5, morning, evening)
    minutes = np.where(rng.random(count) < 0.03, rng.uniform(night, 300, count), minutes)
    return (np.clip(minutes, night, _DAY - 5) // 5 * 5).astype(np.int64)


def _miles(origin: Numbers, dest: Numbers) -> npt.NDArray[np.float64]:
    """Great-circle distances, by the haversine formula."""
    places = np.radians([airport[3:5] for airport in _AIRPORTS])
    (lat1, lon1), (lat2, lon2) = places[origin].T, places[dest].T
    half = np.sin((lat2 - lat1) / 2) ** 2
    half += np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    miles: npt.NDArray[np.float64] = (2 * _EARTH_MILES * np.arcsin(np.sqrt(half))).round()
    return miles


def _fly(flights: pd.DataFrame, rng: np.random.Generator) -> None:
    """Add what happens to each flight, in minutes since midnight where it is a time."""
    count = len(flights)
    bad_day = rng.gamma(2.0, 0.5, int(flights["day"].max()) + 1 if count else 0)  # mean 1
    weather = bad_day[flights["day"]]
    lateness = weather * (0.4 + flights["departure"] / _DAY)  # it grows in the course of a day
    late = rng.random(count) < np.clip(0.3 * lateness, 0, 0.8)
    delay = np.where(late, rng.exponential(38, count) * np.sqrt(lateness), rng.normal(-3, 4, count))
    flights["DepDelay"] = np.clip(delay, -20, 1200).round().astype(np.int64)
    flights["TaxiOut"] = np.clip(rng.lognormal(2.7, 0.35, count), 4, 120).astype(np.int64)
    flights["TaxiIn"] = np.clip(rng.lognormal(1.8, 0.5, count), 1, 90).astype(np.int64)
    flights["AirTime"] = (flights["Distance"] / 7.9 + 16 + rng.normal(0, 6, count)).astype(np.int64)
    flights["Cancelled"] = (rng.random(count) < 0.015 * weather).astype(np.int64)
    diverted = (rng.random(count) < 0.0025 * weather) & (flights["Cancelled"] == 0)
    flights["Diverted"] = diverted.astype(np.int64)
    reason = pd.Series(rng.choice(list("ABC"), count, p=[0.35, 0.45, 0.2]), flights.index)
    flights["CancellationCode"] = reason.where(flights["Cancelled"] == 1, None)
    flights["cause"] = rng.choice(len(_CAUSES), count, p=[0.3, 0.06, 0.26, 0.01, 0.37])
    flights["share"] = rng.uniform(0.4, 1.0, count)
    unknown = (flights["Cancelled"] == 1) & (rng.random(count) < 0.3)
    flights["Tail_Number"] = flights["Tail_Number"].mask(unknown, None)


def _date(flights: pd.DataFrame, first: pd.Timestamp) -> None:
    day = first + pd.to_timedelta(flights["day"], unit="D")
    flights["FlightDate"] = day.dt.strftime("%Y-%m-%d")
    flights["Year"], flights["Quarter"] = day.dt.year, day.dt.quarter
    flights["Month"], flights["DayofMonth"] = day.dt.month, day.dt.day
    flights["DayOfWeek"] = day.dt.day_of_week + 1


def _derive(flights: pd.DataFrame) -> None:
    """Add what follows from the rest, and take away what a flight did not come to."""
    for place, suffix in enumerate(("", "CityName", "State")):
        texts = np.array([airport[place] for airport in _AIRPORTS], dtype=object)
        flights["Origin" + suffix] = texts[flights["from"]]
        flights["Dest" + suffix] = texts[flights["to"]]
    hours = np.array([airport[5] for airport in _AIRPORTS])
    ahead = (hours[flights["to"]] - hours[flights["from"]]) * 60
    taken_off = flights["departure"] + flights["DepDelay"] + flights["TaxiOut"]
    landed = taken_off + flights["AirTime"] + ahead
    flights["ActualElapsedTime"] = flights["TaxiOut"] + flights["AirTime"] + flights["TaxiIn"]
    flights["ArrDelay"] = (
        flights["DepDelay"] + flights["ActualElapsedTime"] - flights["CRSElapsedTime"]
    )
    flights["CRSDepTime"] = _clock(flights["departure"])
    flights["DepTime"] = _clock(flights["departure"] + flights["DepDelay"])
    flights["WheelsOff"] = _clock(taken_off)
    flights["WheelsOn"] = _clock(landed)
    flights["ArrTime"] = _clock(landed + flights["TaxiIn"])
    flights["CRSArrTime"] = _clock(flights["departure"] + flights["CRSElapsedTime"] + ahead)
    flights["Flights"] = 1
    flights["DistanceGroup"] = (flights["Distance"] // 250 + 1).astype(np.int64)
    flights["DivAirportLandings"] = flights["Diverted"]
    for name in _IN_FLIGHT:
        gone = flights["Cancelled"] == 1
        if name in _AFTER_TAKE_OFF:
            gone |= flights["Diverted"] == 1
        flights[name] = flights[name].astype("Int64").mask(gone)
    _derive_delays(flights)


def _derive_delays(flights: pd.DataFrame) -> None:
    for short, group in (("Dep", "DepartureDelayGroups"), ("Arr", "ArrivalDelayGroups")):
        delay = flights[f"{short}Delay"]
        flights[f"{short}DelayMinutes"] = delay.clip(lower=0)
        flights[f"{short}Del15"] = (delay >= 15).astype("Int64")
        flights[group] = (delay // 15).clip(-2, 12)
        hour = flights[f"CRS{short}Time"] // 100 % 24
        text = hour.map(lambda h: f"{h:02d}00-{h:02d}59" if h >= 6 else "0001-0559")
        flights[f"{short}TimeBlk"] = text
    late = flights["ArrDelay"].where(flights["ArrDel15"] == 1)  # causes are told of these alone
    main = (late * flights["share"]).round().astype("Int64")
    for i, name in enumerate(_CAUSES):
        is_main, is_rest = flights["cause"] == i, (flights["cause"] + 2) % len(_CAUSES) == i
        minutes = main.where(is_main, 0).add((late - main).where(is_rest, 0))
        flights[name] = minutes.where(late.notna())


def _clock(minutes: pd.Series[Any]) -> pd.Series[Any]:
    """Return minutes as a clock shows them; midnight is 2400, as in the data of the DOT."""
    of_day = (minutes - 1) % _DAY + 1
    return of_day // 60 * 100 + of_day % 60
