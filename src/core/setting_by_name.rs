//! Settings by their names: for records of them, and for programs whose users name them.

use super::Config;
use crate::vocabulary::{all_settings, Form, Setting};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// Why a setting was not taken; [`fmt::Display`] says it to whoever named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASetting(String);

impl fmt::Display for NotASetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotASetting {}

impl Config {
    /// Sets one by its name (`packet_timeout`) to what a text says: a duration with its unit
    /// (`300ms`), a number, or the name of a choice (`at_once`). Whether it is in its range,
    /// [`Config::check`] says.
    ///
    /// # Errors
    /// There is no such setting, or it has no such value.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), NotASetting> {
        let all = all_settings();
        let Some(setting) = all.iter().find(|setting| setting.name == name) else {
            let names: Vec<_> = all.iter().map(|setting| setting.name).collect();
            let names = names.join(", ");
            return Err(NotASetting(format!("there is no setting {name}; there are {names}")));
        };
        let number = number_of(setting, text).ok_or_else(|| {
            NotASetting(format!("{name} is to be {}, not {text}", range_of(setting)))
        })?;
        self.set_number(name, number);
        Ok(())
    }
}

fn number_of(setting: &Setting, text: &str) -> Option<u64> {
    match setting.form {
        Form::Timeout | Form::Wait => {
            let duration = match text {
                "0" => Duration::ZERO,
                _ => humantime::parse_duration(text).ok()?,
            };
            duration.as_nanos().try_into().ok()
        }
        Form::Number | Form::Percent => text.parse().ok(),
        Form::Choice(list) => {
            let named = |word: &&crate::vocabulary::Word| word.name.to_bytes() == text.as_bytes();
            list.words.iter().find(named)?.number.try_into().ok()
        }
    }
}

fn range_of(setting: &Setting) -> String {
    match setting.form {
        Form::Timeout | Form::Wait => "a duration with its unit, e.g. 300ms".to_owned(),
        Form::Number | Form::Percent => "a whole number".to_owned(),
        Form::Choice(list) => {
            let names: Vec<_> = list.words.iter().map(|word| word.name.to_string_lossy()).collect();
            names.join(" or ")
        }
    }
}

/// What is set: numbers by the settings' names, durations in nanoseconds, choices by their permanent
/// numbers.
impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.numbers())
    }
}

/// A setting of another version that is not known here is left out.
impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Settings;

        impl<'de> Visitor<'de> for Settings {
            type Value = Config;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers by the names of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
                let mut config = Config::new();
                while let Some((name, number)) = map.next_entry::<String, u64>()? {
                    config.set_number(&name, number);
                }
                // What is out of range would be no setting of any engine.
                config.check().map_err(de::Error::custom)?;
                Ok(config)
            }
        }

        deserializer.deserialize_map(Settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Commit, Standby};

    fn set(name: &str, text: &str) -> Result<Config, String> {
        let mut config = Config::new();
        config.set(name, text).map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn a_setting_is_set_by_its_name() {
        let millis = Duration::from_millis;
        assert_eq!(set("packet_timeout", "300ms"), Ok(Config::new().packet_timeout(millis(300))));
        assert_eq!(set("switch_cooldown", "0"), Ok(Config::new().switch_cooldown(millis(0))));
        assert_eq!(set("min_bitrate", "800"), Ok(Config::new().min_bitrate(800)));
        assert_eq!(set("commit", "at_once"), Ok(Config::new().commit(Commit::AtOnce)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let refused = |name, text| set(name, text).unwrap_err();
        assert!(refused("patience", "1s").starts_with("there is no setting patience; there are "));
        let unit = "packet_timeout is to be a duration with its unit, e.g. 300ms, not 300";
        assert_eq!(refused("packet_timeout", "300"), unit);
        assert_eq!(refused("commit", "now"), "commit is to be key_frame or at_once, not now");
        assert_eq!(refused("min_bitrate", "-1"), "min_bitrate is to be a whole number, not -1");
    }

    #[test]
    fn what_is_set_survives_json() {
        let mut config = Config::new().standby(Standby::Hot).min_fps(25);
        config = config.packet_timeout(Duration::from_millis(300));
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(json, r#"{"packet_timeout":300000000,"standby":1,"min_fps":25}"#);
        assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), config);
        let later = r#"{"packet_timeout":300000000,"of_a_later_version":7}"#;
        let known = Config::new().packet_timeout(Duration::from_millis(300));
        assert_eq!(serde_json::from_str::<Config>(later).unwrap(), known);
        assert!(serde_json::from_str::<Config>(r#"{"packet_timeout":5}"#).is_err());
    }
}
