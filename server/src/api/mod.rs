//! The open API for export: records, quarantine, schemas, OpenAPI.
