mod jobs {
    use gochan::prelude::*;

    pub fn begin() {
        go!(super::work); //~ missing_call
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[gochan::test]
        fn begins() {
            go!(begin); //~ missing_call
        }
    }
}
