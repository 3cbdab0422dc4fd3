//! The commands of the binary `xunge`. One file a command; all work while the relay runs or not.

pub mod args;
mod audit;
mod backup;
mod device;
mod enrol;
mod erase;
mod export;
pub mod failure;
mod grant;
mod households;
mod init;
mod key;
mod org;
mod output;
mod place;
mod qr;
mod quarantine;
mod receipt;
mod relay_address;
mod relay_key;
mod restore;
mod seed;
mod serve;
mod snapshot;
mod tls;
mod token;
mod unlock_code;
mod user;
mod voice;
mod worker;

use args::{Admin, Audit, Cli, Command, ImportHouseholds, ImportOrg, Receipt, Token, User};
use failure::Outcome;
use output::Output;

/// Does what the command line says.
pub fn run(cli: Cli) -> Outcome {
    let place = &cli.place;
    let out = Output { json: cli.json };
    match cli.command {
        Command::Init(args) => init::run(place, out, args),
        Command::Serve(args) => serve::run(place, args),
        Command::Export(args) => export::run(place, out, args),
        Command::Backup { to } => backup::run(place, out, &to),
        Command::Restore { from } => restore::run(place, out, &from),
        Command::Audit(Audit::Verify { contains }) => {
            audit::verify(place, out, contains.as_deref())
        }
        Command::Receipt(Receipt::Verify { file }) => receipt::verify(place, out, &file),
        Command::Admin(admin) => match admin {
            Admin::Org(ImportOrg::Import { file }) => org::import(place, out, &file),
            Admin::Households(ImportHouseholds::Import { file }) => {
                households::import(place, out, &file)
            }
            Admin::User(User::Add {
                user,
                name,
                role,
                scope,
            }) => user::add(place, out, &user, name.as_deref(), &role, scope.as_deref()),
            Admin::Enrol(args) => enrol::run(place, out, args),
            Admin::Grant(args) => grant::run(place, out, args),
            Admin::Device(args) => device::run(place, out, args),
            Admin::Quarantine(args) => quarantine::run(place, out, args),
            Admin::Erase { record, reason } => erase::run(place, out, &record, &reason),
            Admin::Snapshot { least } => snapshot::run(place, out, least),
            Admin::UnlockCode { worker, device } => {
                unlock_code::run(place, out, &worker, device.as_deref())
            }
            Admin::Token(Token::Add { role }) => token::add(place, out, &role),
            Admin::Voice(args) => voice::run(place, out, args),
            Admin::Key => key::run(place, out),
            Admin::RelayKey(args) => relay_key::run(place, out, args),
            Admin::RelayAddress(args) => relay_address::run(place, out, &args),
        },
    }
}
