//! dcap-qvl, unmodified, as a peer.
//!
//!   qvl-peer                                        judges what comes on stdin, a line of JSON each
//!   qvl-peer bench QUOTE COLLATERAL NOW RUNS WARM   prints the ns of each of RUNS verifications
//!
//! A question on stdin, integers little endian:
//!   mode u8 | now u64 | quote length u32 | collateral length u32 | quote | collateral JSON
//! Modes: `i` judge under Intel's root; `o` judge under the other root; `r` the quote's bytes are the
//! other root's certificate (DER) from now on.
//! An answer: {"ok":true,"result":{status, advisory_ids, platform_status, qe_status, report, ppid}}
//! or {"ok":false,"error":"..."}.

use std::io::{self, Read, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::time::Instant;

use dcap_qvl::verify::{QuoteVerifier, VerifiedReport};
use dcap_qvl::QuoteCollateralV3;

const PART_MAX_BYTES: usize = 1 << 20;

fn judge(
    verifier: &QuoteVerifier,
    quote: &[u8],
    collateral: &[u8],
    now: u64,
) -> Result<VerifiedReport, String> {
    let set: QuoteCollateralV3 =
        serde_json::from_slice(collateral).map_err(|e| format!("collateral JSON: {e}"))?;
    verifier
        .verify(quote, &set, now)
        .map_err(|e| format!("{e:#}"))
}

fn answer(verdict: Result<VerifiedReport, String>) -> serde_json::Value {
    match verdict {
        Ok(report) => serde_json::json!({"ok": true, "result": report}),
        Err(error) => serde_json::json!({"ok": false, "error": error}),
    }
}

fn part(input: &mut impl Read, len: &[u8]) -> io::Result<Vec<u8>> {
    let len = u32::from_le_bytes(len.try_into().expect("four bytes")) as usize;
    if len > PART_MAX_BYTES {
        return Err(io::Error::other("a part is longer than 1 MiB"));
    }
    let mut bytes = vec![0; len];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn serve() -> io::Result<()> {
    let intel = QuoteVerifier::new_prod();
    let mut other: Option<QuoteVerifier> = None;
    let mut input = io::stdin().lock();
    let mut output = io::stdout().lock();
    let mut head = [0u8; 17];

    // A panic is an answer too; its text belongs in that answer and not on the terminal.
    std::panic::set_hook(Box::new(|_| {}));
    loop {
        match input.read_exact(&mut head) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let now = u64::from_le_bytes(head[1..9].try_into().expect("eight bytes"));
        let quote = part(&mut input, &head[9..13])?;
        let collateral = part(&mut input, &head[13..17])?;
        let verifier = match head[0] {
            b'i' => Some(&intel),
            b'o' => other.as_ref(),
            b'r' => {
                other = Some(QuoteVerifier::new(quote));
                writeln!(output, "{{\"ok\":true}}")?;
                output.flush()?;
                continue;
            }
            _ => None,
        };
        let verifier = verifier.ok_or_else(|| io::Error::other("unknown mode, or no other root"))?;
        let verdict = catch_unwind(AssertUnwindSafe(|| judge(verifier, &quote, &collateral, now)))
            .unwrap_or_else(|_| Err("panic".to_string()));
        writeln!(output, "{}", answer(verdict))?;
        output.flush()?;
    }
}

fn bench(args: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [quote, collateral, now, runs, warm_up] = args else {
        return Err("bench QUOTE COLLATERAL NOW RUNS WARM_UP".into());
    };
    let quote = std::fs::read(quote)?;
    let set: QuoteCollateralV3 = serde_json::from_slice(&std::fs::read(collateral)?)?;
    let (now, runs, warm_up): (u64, u32, u32) = (now.parse()?, runs.parse()?, warm_up.parse()?);
    let verifier = QuoteVerifier::new_prod();
    let mut times = Vec::new();

    for i in 0..warm_up + runs {
        let began = Instant::now();
        let report = verifier.verify(&quote, &set, now).map_err(|e| format!("{e:#}"))?;
        let ns = began.elapsed().as_nanos();
        std::hint::black_box(&report);
        if i >= warm_up {
            times.push(ns);
        }
    }
    let mut output = io::stdout().lock();
    for ns in times {
        writeln!(output, "{ns}")?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        None => Ok(serve()?),
        Some("bench") => bench(&args[1..]),
        Some(other) => Err(format!("unknown mode {other}").into()),
    }
}
