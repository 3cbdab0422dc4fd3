//! Commands of the binary: init, serve, admin, export, backup, restore, audit.
