// A little on top of pages that work without it: says that something new came in, and records a spoken note.
"use strict";

// Quiet news: nothing on the page moves by itself, the user follows the link.
const news = document.getElementById("news");
if (news && "EventSource" in window && document.body.dataset.page !== "login") {
  let seen = 0;
  const source = new EventSource("/events");
  source.addEventListener("came_in", (event) => {
    seen += Number(event.data) || 1;
    const link = news.querySelector("a");
    link.textContent = news.dataset.text.replace("{n}", String(seen));
    news.hidden = false;
  });
  window.addEventListener("pagehide", () => source.close());
}

// A spoken note: the recording becomes the file of the form's own file field.
const button = document.getElementById("recorder");
const field = document.querySelector("input[type=file][name=audio]");
if (button && field && navigator.mediaDevices && "MediaRecorder" in window) {
  const type = ["audio/mp4", "audio/webm"].find((t) => MediaRecorder.isTypeSupported(t));
  const label = button.querySelector("span");
  let recorder = null;
  button.hidden = !type;
  button.addEventListener("click", async () => {
    if (recorder && recorder.state === "recording") {
      recorder.stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      button.hidden = true;
      return;
    }
    const parts = [];
    recorder = new MediaRecorder(stream, { mimeType: type });
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      const file = new File(parts, type === "audio/mp4" ? "note.m4a" : "note.webm", { type });
      const list = new DataTransfer();
      list.items.add(file);
      field.files = list.files;
      label.textContent = button.dataset.done;
    });
    recorder.start();
    label.textContent = button.dataset.stop;
  });
}
