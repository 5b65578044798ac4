//! Makes `seeds/decode` from `tests/vectors`: each line as raw bytes, and each message once more as a body.

use std::path::Path;
use std::{fs, io};

use havatar_link::frame::Decoder;

/// As many as are worth keeping in the tree.
const SEEDS_MAX: usize = 100;

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = here.join("../../../tests/vectors");
    let seeds = here.join("seeds/decode");
    let mut count = 0;
    let mut keep = |name: String, choice: u8, bytes: &[u8]| {
        count += 1;
        assert!(count <= SEEDS_MAX, "more than {SEEDS_MAX} seeds");
        fs::write(seeds.join(name), [&[choice], bytes].concat())
    };

    let mut session = Vec::new();
    for line in fs::read_to_string(vectors.join("frames.txt"))?.lines().filter(|line| !line.starts_with('#'))
    {
        let columns: Vec<_> = line.split(" | ").collect();
        let bytes = unhex(columns[2]);
        Decoder::new().push_all(&bytes, |body| {
            let record = [&[u8::try_from(body.len()).expect("at most 64"), 20], body].concat();
            if columns[1] == "from_device" {
                session.extend(&record);
            }
        });
        keep(format!("frame_{}", columns[0]), 0, &bytes)?;
    }
    for line in fs::read_to_string(vectors.join("damaged.txt"))?.lines().filter(|line| !line.starts_with('#'))
    {
        let columns: Vec<_> = line.split(" | ").collect();
        // The frames are there already; of these only what is long enough to be of interest.
        let bytes = unhex(columns[1]);
        if bytes.len() > 60 {
            keep(format!("damaged_{}", columns[0]), 0, &bytes)?;
        }
    }
    keep("all_from_device".to_owned(), 1, &session)
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("hexadecimal"), 16).expect("hexadecimal")
        })
        .collect()
}
