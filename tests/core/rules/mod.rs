//! The rules of the state machine, one file a rule, as scenarios in virtual time.

mod rig;
mod rule_01_register;
mod rule_02_first_packet;
mod rule_03_deadlines;
mod rule_04_reported_errors;
mod rule_05_selection;
mod rule_06_failover;
mod rule_07_planned_switch;
mod rule_08_exhausted;
mod rule_09_recovery;
mod rule_10_failback;
mod rule_11_override;
mod rule_12_update_inputs;
mod rule_13_buffer;
mod rule_14_unregister;
mod rule_15_reasons;
mod rule_16_conditions;
mod rule_17_order;
mod rule_18_start_grace;
mod rule_19_least_bad;
mod rule_20_recovery_on_media;
mod rule_21_damping;
mod rule_27_pushed;
mod seed_defects;
mod settings;
mod story;
