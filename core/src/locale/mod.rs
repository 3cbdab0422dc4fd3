//! What users read and hear: texts by key in zh-CN and en, from resource files.
