//! The data that comes with the program.

macro_rules! lists {
    ($($name:literal)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../fixtures/codelists/", $name, ".csv")),
        ),)*]
    };
}

/// Name and CSV of each code list.
pub(super) const CODE_LISTS: &[(&str, &str)] = lists! {
    "ack_method"
    "case_level"
    "case_nature"
    "dispute_source"
    "dispute_state"
    "dispute_type"
    "event_scale"
    "family_relation"
    "fraud_type"
    "fraud_warning_level"
    "fraud_warning_state"
    "hazard_type"
    "household_flag"
    "household_tier"
    "marital"
    "mediation_dossier"
    "met_who"
    "org_level"
    "party_category"
    "party_willing"
    "person_category"
    "points_reason"
    "record_state"
    "request_type"
    "resolution_method"
    "risk_colour"
    "service_need"
    "service_ten_small"
    "sex"
    "time_limit_preset"
    "visit_interval_preset"
    "visit_purpose"
};

/// Public holidays and working weekends (调休) as the State Council announces them each autumn.
pub(super) const HOLIDAYS: &str = include_str!("../../../../fixtures/calendars/holidays_cn.csv");
