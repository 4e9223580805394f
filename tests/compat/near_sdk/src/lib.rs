//! The contracts are this package's examples: `counter`, `token`, `caller`, `oracle`.
