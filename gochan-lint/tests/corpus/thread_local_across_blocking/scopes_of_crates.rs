use gochan::prelude::*;
use jni::JavaVM;
use pyo3::prelude::*;
use scoped_tls::ScopedKey;

struct Shared { count: gochan::sync::Mutex<u32>, input: Receiver<u32> }

fn critical(input: &Receiver<u32>, output: &Sender<u32>) {
    critical_section::with(|cs| {
        send!(output <- 1); //~ thread_local_across_blocking
        COUNT.borrow(cs).set(2);
    });
    let n = critical_section::with(|_| input.recv()); //~ thread_local_across_blocking
    work(n);
}
fn by_name(shared: &'static Shared) {
    critical_section::with(waiting); //~ thread_local_across_blocking
}
fn waiting(_: critical_section::CriticalSection<'_>) { gochan::time::sleep(Duration::from_secs(1)) }

fn acquired(input: &Receiver<u32>) {
    let token = unsafe { critical_section::acquire() };
    work(input.recv()); //~ thread_local_across_blocking
    unsafe { critical_section::release(token) };
    work(input.recv());
}

fn second_stack(input: &Receiver<u32>, stack: &second_stack::Stack) {
    second_stack::buffer(0..10, |slice| {
        work(slice, input.recv()); //~ thread_local_across_blocking
    });
    second_stack::uninit_slice(10, |slice: &mut [MaybeUninit<u32>]| {
        for n in input { slice[0].write(n); } //~ thread_local_across_blocking
    });
    stack.buffer(0..10, |slice| work(slice, input.recv())); //~ thread_local_across_blocking
    let own = second_stack::Stack::new();
    own.uninit_slice(10, |slice: &mut [MaybeUninit<u32>]| {
        gochan::runtime::gosched(); //~ thread_local_across_blocking
        work(slice);
    });
}

fn python(input: &Receiver<u32>, shared: &Shared) -> PyResult<()> {
    Python::with_gil(|py| {
        let n = input.recv(); //~ thread_local_across_blocking
        work(py, n);
    });
    Python::attach(|py| {
        *shared.count.lock() += 1; //~ thread_local_across_blocking
        work(py, 1);
    });
    pyo3::Python::attach(|py| call(py, input)) //~ thread_local_across_blocking
}
fn call(py: Python<'_>, input: &Receiver<u32>) -> PyResult<()> {
    work(py, input.recv()); //~ thread_local_across_blocking
    Ok(())
}

fn java(vm: &JavaVM, input: &Receiver<u32>) -> jni::errors::Result<()> {
    let mut env = vm.attach_current_thread()?;
    let n = input.recv(); //~ thread_local_across_blocking
    env.find_class(n)?;
    drop(env);
    input.recv();
    vm.attach_current_thread(|env| {
        work(env, input.recv()); //~ thread_local_across_blocking
        Ok(())
    })
}
fn frame(env: &mut JNIEnv<'_>, input: &Receiver<u32>) {
    env.with_local_frame(16, |env| {
        work(env, input.recv()); //~ thread_local_across_blocking
        Ok(())
    });
}

fn key(key: &'static ScopedKey<u32>, input: &Receiver<u32>) {
    key.set(&1, || work(input.recv())); //~ thread_local_across_blocking
}

fn looks(ctx: &Context, input: &Receiver<u32>) {
    critical_section::with(|_| {
        while ctx.err().is_none() { work(1); } //~ thread_local_across_blocking
    });
    critical_section::with(|_| {
        loop {
            select! { //~ thread_local_across_blocking
                v, ok = <-input => if ok { work(v) } else { return },
                default => work(0),
            }
        }
    });
}
