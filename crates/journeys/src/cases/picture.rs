//! A picture that is drawn here: soft shades with two brighter spots, as a grey PNG.

use flate2::{Compression, Crc, write::ZlibEncoder};
use std::io::Write as _;

const WIDTH: u32 = 480;
const HEIGHT: u32 = 320;
/// Bright spots: where, how wide, how bright.
type Spots = [(i64, i64, i64, i64); 2];
const SPOTS: Spots = [(295, 160, 38, 110), (115, 240, 18, 90)];
/// The same some months later: one has grown, the other is next to gone.
const SPOTS_LATER: Spots = [(295, 160, 54, 110), (115, 240, 18, 12)];

/// The bytes of the PNG.
///
/// # Panics
/// Never: it writes to memory.
#[must_use]
pub fn scan() -> Vec<u8> {
    drawn(&SPOTS)
}

/// The bytes of the PNG of some months later.
///
/// # Panics
/// Never: it writes to memory.
#[must_use]
pub fn scan_later() -> Vec<u8> {
    drawn(&SPOTS_LATER)
}

fn drawn(spots: &Spots) -> Vec<u8> {
    let mut rows = ZlibEncoder::new(Vec::new(), Compression::default());
    for y in 0..HEIGHT {
        let mut row = vec![0_u8];
        row.extend((0..WIDTH).map(|x| shade(spots, i64::from(x), i64::from(y))));
        rows.write_all(&row).expect("memory takes it");
    }
    let mut head = Vec::new();
    head.extend(WIDTH.to_be_bytes());
    head.extend(HEIGHT.to_be_bytes());
    head.extend([8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &head);
    chunk(&mut png, *b"IDAT", &rows.finish().expect("memory takes it"));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn shade(of: &Spots, x: i64, y: i64) -> u8 {
    let from_edge = ((x - 60) * (x - 60) * 2 + (y - 160) * (y - 160) * 3) / 1_300;
    let body = (150 - from_edge).max(8);
    let grain = (x * 7 + y * 13 + x * y / 5) % 17;
    let spots: i64 = of
        .iter()
        .map(|(sx, sy, wide, bright)| (bright - ((x - sx) * (x - sx) + (y - sy) * (y - sy)) * bright / (wide * wide)).max(0))
        .sum();
    u8::try_from((body + grain + spots).clamp(0, 255)).unwrap_or(u8::MAX)
}

fn chunk(png: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    png.extend(u32::try_from(body.len()).unwrap_or_default().to_be_bytes());
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(body);
    png.extend(name);
    png.extend(body);
    png.extend(sum.sum().to_be_bytes());
}
