//! A connection whose other end must take what is sent to it: hyper has no such limit, and whoever asks much and reads
//! nothing would hold a connection and its answers for ever.
//!
//! Any byte that goes out begins the wait anew. How long a client may send nothing is hyper's and [`super::talk`]'s.

use std::future::Future as _;
use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// See the module.
pub(super) struct Pressed<S> {
    inner: S,
    wait: Duration,
    /// There while a write waits, so that an idle connection costs no timer.
    until: Option<Pin<Box<Sleep>>>,
}

impl<S> Pressed<S> {
    pub(super) fn new(inner: S, wait: Duration) -> Self {
        Self {
            inner,
            wait,
            until: None,
        }
    }
}

impl<S: Unpin> Pressed<S> {
    /// The answer of a write, or the end of the wait for it.
    fn press<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        if let Poll::Ready(answer) = write(Pin::new(&mut self.inner), cx) {
            self.until = None;
            return Poll::Ready(answer);
        }
        let wait = self.wait;
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(wait)));
        ready!(until.as_mut().poll(cx));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the answer is not taken")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Pressed<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Pressed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.get_mut().press(cx, |inner, cx| inner.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.get_mut()
            .press(cx, |inner, cx| inner.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().press(cx, |inner, cx| inner.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().press(cx, |inner, cx| inner.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_the_connection() {
        let (ours, mut theirs) = duplex(4);
        let mut ours = Pressed::new(ours, Duration::ZERO);
        ours.write_all(b"four").await.unwrap();
        let error = ours.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let mut taken = [0; 4];
        theirs.read_exact(&mut taken).await.unwrap();
        assert_eq!(&taken, b"four");
    }

    #[tokio::test]
    async fn whatever_is_taken_begins_the_wait_anew() {
        let (ours, mut theirs) = duplex(1);
        let mut ours = Pressed::new(ours, Duration::from_secs(3600));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(Pin::new(&mut ours).poll_write(&mut cx, b"ab").is_ready());
        assert!(Pin::new(&mut ours).poll_write(&mut cx, b"b").is_pending());
        assert!(ours.until.is_some());
        theirs.read_u8().await.unwrap();
        assert!(Pin::new(&mut ours).poll_write(&mut cx, b"b").is_ready());
        assert!(ours.until.is_none());
    }
}
