//! `xunge admin relay-address`: the text that an app of this county has built in, so that ten digits are enough to enrol.

use serde::Serialize;
use xunge_protocol::enrolment::RelayAddress;

use super::args::{Place, RelayAddress as Args};
use super::enrol::checked_url;
use super::failure::Outcome;
use super::output::Output;
use super::tls;

#[derive(Serialize)]
struct Report {
    relay: String,
}

pub(super) fn run(place: &Place, out: Output, args: &Args) -> Outcome {
    let url = checked_url(&args.url)?;
    let pins = tls::pins(&args.pin)?;
    let relay = place.open()?;
    let address = RelayAddress {
        url,
        relay_key: relay.county().relay_key.public(),
        pins,
    };
    let report = Report {
        relay: address.to_text(),
    };
    out.print(&report, |report| report.relay.clone())
}
