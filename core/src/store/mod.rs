//! The phone's SQLCipher database: connection, migrations, change log, outbox, projections, search, media.
