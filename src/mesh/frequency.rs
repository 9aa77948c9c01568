//! How often a product is renewed: the promise that sets schedules and alarms.

use super::fingerprint;
use std::fmt;

/// Minutes of an hour.
const HOUR: u32 = 60;

/// Minutes of a day.
const DAY: u32 = 24 * HOUR;

/// Shortest interval that a schedule of AWS Glue may have, in minutes (AWS Glue guide, "Time-based schedules").
const SHORTEST: u32 = 5;

/// Longest interval that is a promise at all, in minutes.
const LONGEST: u32 = 366 * DAY;

/// An interval of whole minutes, from five minutes to 366 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frequency {
    minutes: u32,
}

impl Frequency {
    /// Once a day: what holds where nothing is promised.
    pub const DAILY: Self = Self { minutes: DAY };

    /// The word of the promise in `slaProperties`.
    pub const PROPERTY: &'static str = "frequency";

    /// Reads `value` and `unit` of the promise: `1` and `d`, `0.5` and `h`.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence that starts with the value and the unit.
    pub fn parse(value: f64, unit: Option<&str>) -> Result<Self, &'static str> {
        let in_minutes = match unit {
            Some("d") => DAY,
            Some("h") => HOUR,
            Some("m") => 1,
            Some(_) => return Err("has a unit that is none of `d`, `h` and `m`"),
            None => return Err("has no unit: `d`, `h` or `m`"),
        };
        if !value.is_finite() || value <= 0.0 {
            return Err("is no interval: it must be more than zero");
        }
        let minutes = value * f64::from(in_minutes);
        if minutes < f64::from(SHORTEST) {
            return Err("is less than five minutes, the shortest interval of a schedule of AWS Glue");
        }
        if minutes > f64::from(LONGEST) {
            return Err("is more than 366 days");
        }
        // what a fraction of an hour or a day comes to within a millionth is meant to be whole
        let whole = minutes.round();
        if (minutes - whole).abs() > 1e-6 {
            return Err("is no whole number of minutes");
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 5 and 527,040, and whole")]
        let minutes = whole as u32;
        Ok(Self { minutes })
    }

    /// The interval in minutes.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        self.minutes
    }

    /// A schedule for AWS Glue and for EventBridge Scheduler, in UTC: at least as often as the interval says, since a cron
    /// expression knows only parts of an hour, of a day and of a month.
    ///
    /// Minute, hour and day of the week follow from the hash of a name, so that three hundred crawlers do not start at once.
    #[must_use]
    pub fn cron(self, name: &str) -> String {
        let hash = fingerprint(name);
        let part = |position: usize, of: u32| {
            u32::from_str_radix(&hash[position..position + 6], 16).map_or(0, |number| number % of)
        };
        let (minute, hour) = (part(0, HOUR), part(6, 24));
        if self.minutes < HOUR {
            let step = largest_part(HOUR, self.minutes);
            return format!("cron({}/{step} * * * ? *)", minute % step);
        }
        if self.minutes < DAY {
            let step = largest_part(24, self.minutes / HOUR);
            return format!("cron({minute} {}/{step} * * ? *)", hour % step);
        }
        match self.minutes / DAY {
            1 => format!("cron({minute} {hour} * * ? *)"),
            7 => format!("cron({minute} {hour} ? * {} *)", 1 + part(12, 7)),
            days @ ..=30 => format!("cron({minute} {hour} 1/{days} * ? *)"),
            _ => format!("cron({minute} {hour} 1 * ? *)"),
        }
    }
}

/// The largest number up to a limit that divides a whole.
fn largest_part(whole: u32, limit: u32) -> u32 {
    (1..=limit).rev().find(|part| whole.is_multiple_of(*part)).unwrap_or(1)
}

impl fmt::Display for Frequency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match self.minutes {
            minutes if minutes % DAY == 0 => (minutes / DAY, "day"),
            minutes if minutes % HOUR == 0 => (minutes / HOUR, "hour"),
            minutes => (minutes, "minute"),
        };
        match count {
            1 => write!(formatter, "every {unit}"),
            _ => write!(formatter, "every {count} {unit}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Frequency;
    use std::collections::BTreeSet;

    #[test]
    fn a_promise_is_an_interval() {
        let minutes = |value, unit| Frequency::parse(value, Some(unit)).map(Frequency::minutes);
        assert_eq!(minutes(1.0, "d"), Ok(1440));
        assert_eq!(minutes(0.5, "h"), Ok(30));
        assert_eq!(minutes(0.7, "h"), Ok(42));
        assert_eq!(minutes(5.0, "m"), Ok(5));
        for (value, unit) in [
            (0.0, "d"),
            (-1.0, "h"),
            (4.0, "m"),
            (367.0, "d"),
            (f64::NAN, "d"),
            (f64::INFINITY, "d"),
            (7.5, "m"),
            (1.0, "w"),
            (1.0, ""),
        ] {
            assert!(Frequency::parse(value, Some(unit)).is_err(), "{value} {unit}");
        }
        assert!(Frequency::parse(1.0, None).is_err());
    }

    #[test]
    fn a_schedule_is_never_slower_than_the_promise() {
        let cron =
            |value, unit| Frequency::parse(value, Some(unit)).map(|frequency| frequency.cron("m.sales.orders.raw"));
        assert_eq!(cron(1.0, "d").as_deref(), Ok("cron(3 23 * * ? *)"));
        assert_eq!(cron(36.0, "h").as_deref(), Ok("cron(3 23 * * ? *)"));
        assert_eq!(cron(5.0, "h").as_deref(), Ok("cron(3 3/4 * * ? *)"));
        assert_eq!(cron(90.0, "m").as_deref(), Ok("cron(3 0/1 * * ? *)"));
        assert_eq!(cron(7.0, "m").as_deref(), Ok("cron(3/6 * * * ? *)"));
        assert_eq!(cron(7.0, "d").as_deref(), Ok("cron(3 23 ? * 5 *)"));
        assert_eq!(cron(14.0, "d").as_deref(), Ok("cron(3 23 1/14 * ? *)"));
        assert_eq!(cron(90.0, "d").as_deref(), Ok("cron(3 23 1 * ? *)"));
    }

    #[test]
    fn names_spread_over_the_day() {
        let starts: BTreeSet<String> =
            (0..300).map(|number| Frequency::DAILY.cron(&format!("m.d.p{number}.t"))).collect();
        assert!(starts.len() > 250, "{}", starts.len());
    }

    #[test]
    fn an_interval_is_said_in_its_largest_unit() {
        let said = |value, unit| Frequency::parse(value, Some(unit)).map(|frequency| frequency.to_string());
        assert_eq!(said(24.0, "h").as_deref(), Ok("every day"));
        assert_eq!(said(36.0, "h").as_deref(), Ok("every 36 hours"));
        assert_eq!(said(90.0, "m").as_deref(), Ok("every 90 minutes"));
    }
}
