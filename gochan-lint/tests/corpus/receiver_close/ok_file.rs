use gochan::prelude::*;

fn copy(mut file: Handle, ch: Receiver<u32>) {
    for n in &ch { file.write(n); }
    file.close();
}
