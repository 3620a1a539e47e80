use gochan::prelude::*;
fn start(s: &Server) -> Result<(), Error> {
    let handler = s.handler()?;
    go!(handler); //~ missing_call
    go!(s.handler()?); //~ missing_call
    Ok(())
}
