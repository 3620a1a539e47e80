use gochan::prelude::*;
trait Service: Sized + Send + 'static {
    fn run(self) {}

    fn start(self) {
        go!(self.run); //~ missing_call
    }

    fn start_by_path(self) {
        go!(Self::tick); //~ missing_call
        go!(<Self as Service>::tick); //~ missing_call
    }

    fn tick() {}
}
