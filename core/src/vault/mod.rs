//! Keys, PIN and one-time unlock codes. The key store is a trait that the shell implements.
