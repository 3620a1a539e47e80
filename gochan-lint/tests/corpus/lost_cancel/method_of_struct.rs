use gochan::prelude::*;

struct Client { parent: Context } //~ context_in_struct

impl Client {
    fn fetch(&self, url: &str) -> Result<String, Error> {
        let (ctx, cancel) = self.parent.with_timeout(Duration::from_secs(1));
        let answer = get(&ctx, url)?;
        cancel.cancel();
        Ok(answer)
    }

    fn detach(&self) {
        let (ctx, _) = self.parent.with_cancel(); //~ lost_cancel
        go!(watch(ctx));
    }
}
