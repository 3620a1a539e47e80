use gochan::prelude::*;

fn read(lines: Chan<String>) -> Result<u32, ParseIntError> {
    defer!(close!(lines)); //~ receiver_close
    let mut sum = 0;
    for line in &lines {
        sum += line.parse::<u32>()?;
    }
    Ok(sum)
}
