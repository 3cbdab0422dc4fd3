"""The border as a foreign language sees it: the generated bindings, the real library and a real relay.

Run by `cargo xtask test ffi`, which sets PYTHONPATH to the bindings and XUNGE_BIN_DIR to the programs.
"""

import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

import xunge
from xunge import Answer, ApiError, KeyStore, KeyStoreError, LogSink, Phone, RecordFilter, SyncObserver

PIN = "2580"
PROGRAM = str(Path(os.environ["XUNGE_BIN_DIR"]) / "xunge")


class MemoryKeys(KeyStore):
    """Keeps the secret as long as the process lives."""

    def __init__(self):
        self.kept = None

    def load(self):
        return self.kept

    def save(self, secret):
        self.kept = secret


class Log(LogSink):
    """Keeps the lines about panics."""

    def __init__(self):
        self.panics = []
        self.came = threading.Event()

    def line(self, level, target, text):
        if target == "xunge::panic":
            self.panics.append((level, text))
            self.came.set()
            raise RuntimeError("a sink's own fault")


class Gate:
    """A network that goes through, or swallows everything."""

    def __init__(self, port):
        self.port = port
        self.closed = False
        self.swallowed = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            if self.closed:
                # Held open and never answered.
                threading.Thread(target=self.swallow, args=(client,), daemon=True).start()
                continue
            relay = socket.create_connection(("127.0.0.1", self.port))
            for one, other in ((client, relay), (relay, client)):
                threading.Thread(target=self.pipe, args=(one, other), daemon=True).start()

    def swallow(self, client):
        try:
            while client.recv(65536):
                self.swallowed.set()
        except OSError:
            pass

    def pipe(self, one, other):
        try:
            while data := one.recv(65536):
                if self.closed:
                    self.swallowed.set()
                else:
                    other.sendall(data)
        except OSError:
            pass
        finally:
            other.close()


class Town:
    """A relay with a made-up village."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = self.folder.name + "/relay"
        self.run("init", "--county", "999999", "--name", "合成县", "--synthetic", "village", "--seed", "7")
        log = open(self.folder.name + "/serve.log", "wb")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--data", self.data, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log
        )
        log.close()
        self.url = self.process.stdout.readline().decode().removeprefix("listening ").strip()
        self.gate = Gate(int(self.url.rsplit(":", 1)[1]))
        token = self.run("admin", "token", "add", "--role", "export")["token"]
        request = urllib.request.Request(
            f"{self.url}/api/v1/records?kind=household&limit=1", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request) as answer:
            self.grid = json.load(answer)["records"][0]["scope"]

    def run(self, *args):
        done = subprocess.run([PROGRAM, *args, "--data", self.data, "--json"], capture_output=True, check=True)
        return json.loads(done.stdout)

    def ticket(self, worker):
        answer = self.run("admin", "enrol", "--grid", self.grid, "--worker", worker, "--url", self.gate.url)
        return answer["ticket"]

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        self.gate.server.close()
        self.folder.cleanup()


def code_of(failure):
    return failure.exception.code


class Border(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.town = Town()
        cls.folder = tempfile.TemporaryDirectory()
        cls.log = Log()
        xunge.log_to(cls.log, "info")
        cls.phone = Phone(cls.folder.name, MemoryKeys())
        cls.phone.open("zh-CN")
        cls.worker = asyncio.run(cls.phone.enrol(cls.town.ticket("李大山"), PIN))
        asyncio.run(cls.phone.sync())

    @classmethod
    def tearDownClass(cls):
        cls.phone.close()
        cls.town.close()
        cls.folder.cleanup()

    def setUp(self):
        self.town.gate.closed = False
        self.phone.open("zh-CN")
        self.phone.unlock(self.worker.worker, PIN)

    def visit(self):
        """Answers by the generic rule; gives the saved record."""
        started = self.phone.start("visit", None)
        step = started.step
        while step.question:
            question = step.question
            if question.choices:
                value = Answer.LIST([question.choices[0].code]) if question.kind == "choices" else Answer.TEXT(question.choices[0].code)
            else:
                value = Answer.FLAG(True)
            step = self.phone.answer(started.interview, value)
        return self.phone.save(started.interview).record

    def test_an_error_has_a_stable_code_text_speech_and_says_whether_to_try_again(self):
        with self.assertRaises(ApiError.Failed) as failure:
            self.phone.unlock(self.worker.worker, "0000")
        error = failure.exception
        self.assertEqual(error.code, "wrong_pin")
        self.assertTrue(error.text and error.speech and error.detail)
        with self.assertRaises(ApiError.Failed) as failure:
            asyncio.run(self.phone.enrol("no ticket", PIN))
        self.assertEqual(code_of(failure), "bad_ticket")

    def test_a_folder_is_open_once_in_a_process(self):
        second = Phone(self.folder.name, MemoryKeys())
        with self.assertRaises(ApiError.Failed) as failure:
            second.open(None)
        self.assertEqual(code_of(failure), "in_use")

    def test_what_was_saved_is_there_after_close_and_open(self):
        record = self.visit()
        self.phone.close()
        self.phone.close()
        with self.assertRaises(ApiError.Failed) as failure:
            self.phone.home()
        self.assertEqual(code_of(failure), "not_open")
        self.phone.open("en")
        self.phone.unlock(self.worker.worker, PIN)
        mine = self.phone.records(RecordFilter(kind=None, sync_state=None, limit=None, after=None))
        self.assertIn(record, [one.record for one in mine])

    def test_a_key_store_that_throws_is_an_error_and_no_crash(self):
        class Broken(KeyStore):
            def load(self):
                raise KeyStoreError.Failed("the store is locked")

            def save(self, secret):
                raise RuntimeError("not even the declared error")

        with tempfile.TemporaryDirectory() as folder:
            phone = Phone(folder, Broken())
            phone.open(None)
            with self.assertRaises(ApiError.Failed) as failure:
                asyncio.run(phone.enrol(self.town.ticket("王小梅"), PIN))
            self.assertEqual(code_of(failure), "key_store_failed")
            phone.close()

    def test_an_observer_hears_a_sync_until_it_is_let_go_and_may_throw(self):
        class Listens(SyncObserver):
            def __init__(self):
                self.heard = 0

            def progress(self, report):
                self.heard += 1
                raise RuntimeError("an observer's own fault")

        observer = Listens()
        subscription = self.phone.subscribe(observer)
        self.visit()
        report = asyncio.run(self.phone.sync())
        self.assertEqual(report.acknowledged, report.sent)
        self.assertGreater(observer.heard, 0)
        # The observer's fault is a panic at the border. The log has its place, and stands it that its sink fails too.
        self.assertTrue(self.log.came.wait(20), "the log has no panic")
        level, text = self.log.panics[0]
        self.assertEqual(level, "error")
        self.assertRegex(text, r"place=.*\.rs:\d+")
        heard = observer.heard
        del subscription
        asyncio.run(self.phone.sync())
        self.assertEqual(observer.heard, heard)

    def test_a_worker_s_photo_is_on_the_card_and_a_file_that_is_none_is_refused(self):
        self.assertIsNone(self.phone.open("zh-CN").workers[0].photo)
        photo = Path(self.folder.name) / "photo.jpg"
        photo.write_bytes(b"\xff\xd8\xff\xe0 a face")
        shown = self.phone.set_photo(str(photo)).workers[0].photo
        self.assertEqual(Path(shown).read_bytes(), photo.read_bytes())
        for bytes_ in (b"no picture", b"", b"\xff\xd8\xff" + bytes(1 << 20)):
            photo.write_bytes(bytes_)
            with self.assertRaises(ApiError.Failed) as failure:
                self.phone.set_photo(str(photo))
            self.assertEqual(code_of(failure), "bad_file")
        self.phone.lock()
        self.assertTrue(self.phone.open("zh-CN").workers[0].photo)
        with self.assertRaises(ApiError.Failed) as failure:
            self.phone.set_photo(str(photo))
        self.assertEqual(code_of(failure), "locked")

    def swallowed_sync(self, then):
        """Starts a sync that nobody answers, does `then` to it, and gives the code it ends with."""
        self.town.gate.swallowed.clear()
        self.town.gate.closed = True
        ended = []

        def run():
            try:
                asyncio.run(self.phone.sync())
                ended.append("done")
            except ApiError.Failed as failure:
                ended.append(failure.code)

        thread = threading.Thread(target=run)
        thread.start()
        self.assertTrue(self.town.gate.swallowed.wait(20), "nothing was sent")
        then()
        thread.join(20)
        self.assertFalse(thread.is_alive(), "the sync does not end")
        return ended[0]

    def test_a_sync_is_cancelled(self):
        self.assertEqual(self.swallowed_sync(self.phone.cancel_sync), "cancelled")

    def test_closing_ends_a_sync_that_runs(self):
        self.assertIn(self.swallowed_sync(self.phone.close), ("cancelled", "not_open", "locked"))

    def test_threads_beside_each_other_get_their_answers_and_lose_nothing(self):
        before = self.phone.home().progress.saved
        failures = []

        def work():
            try:
                for _ in range(5):
                    self.visit()
                    self.phone.search("L", 5)
                    self.phone.home()
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertEqual(self.phone.home().progress.saved, before + 20)

    def test_very_many_small_calls_do_not_grow_the_process(self):
        calls = int(os.environ.get("XUNGE_CALLS", "100000"))
        for _ in range(calls // 10):
            self.phone.cancel_sync()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        for _ in range(calls):
            self.phone.cancel_sync()
        each = (time.perf_counter() - began) / calls * 1e6
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"{calls} calls, {each:.1f} µs each with Python's own share, {grown} KiB grown")
        self.assertLess(grown, 2048)


if __name__ == "__main__":
    unittest.main(testRunner=unittest.TextTestRunner(stream=sys.stdout, verbosity=2))
