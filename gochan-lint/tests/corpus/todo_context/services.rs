//! A program on its way to contexts.

use gochan::context::{self, todo};
use gochan::prelude::*;
use std::time::Duration;

struct Repository { db: Database }

impl Repository {
    fn load(&self, id: u64) -> Option<Row> {
        self.db.query(&todo(), id) //~ todo_context
    }

    fn save(&self, row: &Row) -> Result<(), Error> {
        let (ctx, cancel) = context::todo().with_timeout(Duration::from_secs(1)); //~ todo_context
        defer!(cancel.cancel());
        self.db.store(&ctx, row)
    }

    fn watch(&self, changes: Sender<Row>) {
        let ctx = todo(); //~ todo_context
        let db = self.db.clone();
        go!([ctx, changes] { db.listen(&ctx, |row| send!(changes <- row)) });
    }
}

fn handler(request: Request) -> Response {
    let ctx = gochan::context::todo().with_value(request.id()); //~ todo_context
    respond(&ctx, request)
}

fn serve(requests: &Receiver<Request>) {
    for request in requests {
        process(&context::todo(), request); //~ todo_context
    }
}

fn new_session(user: User) -> Session {
    Session::new(user, todo()) //~ todo_context
}
