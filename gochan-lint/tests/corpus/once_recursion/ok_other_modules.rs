use gochan::sync::Lazy;

mod generated {
    pub const TABLE: &[u32] = &[1];
    pub static NAMES: [&str; 1] = ["one"];
}

mod inner {
    pub mod deep {
        pub const LIST: &[u32] = &[1];
    }
}

static TABLE: Lazy<Vec<u32>> = Lazy::new(|| generated::TABLE.to_vec());
static NAMES: Lazy<Vec<&str>> = Lazy::new(|| generated::NAMES.to_vec());
static LIST: Lazy<Vec<u32>> = Lazy::new(|| crate::inner::deep::LIST.to_vec());
static CODES: Lazy<Vec<u32>> = Lazy::new(|| other_crate::CODES.to_vec());

struct Limits;
impl Limits {
    const MAXIMUM: u32 = 3;
}
static MAXIMUM: Lazy<u32> = Lazy::new(|| Limits::MAXIMUM + 1);
