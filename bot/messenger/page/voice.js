// Records a voice note with the browser's own recorder. The sound stays in memory until it is sent or thrown away.

const FORMATS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

async function record(onSecond) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, mimeType ? { mimeType } : {});
  const parts = [];
  const began = Date.now();
  const seconds = () => Math.max(1, Math.round((Date.now() - began) / 1000));
  const ticking = setInterval(() => onSecond(seconds()), 500);
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.start();

  const end = () =>
    new Promise((resolve) => {
      const lasted = seconds();
      recorder.addEventListener("stop", () => {
        clearInterval(ticking);
        for (const track of stream.getTracks()) track.stop();
        resolve({ sound: new Blob(parts, { type: recorder.mimeType }), seconds: lasted });
      });
      recorder.stop();
    });
  return { end };
}

// Wires the buttons of the page. $ finds an element by id; send gets the sound and its length in seconds.
export function offerRecording($, toast, send) {
  let recording;

  function show(active) {
    $("recording").hidden = !active;
    $("row").hidden = active;
    $(active ? "send-recording" : "record").focus();
  }

  async function begin() {
    if (!canRecord()) return toast("This browser cannot record here. You can attach an audio file instead.");
    $("clock").textContent = "0:00";
    try {
      recording = await record((s) => ($("clock").textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`));
    } catch {
      return toast("The microphone could not be used. You can attach an audio file instead.");
    }
    show(true);
  }

  async function end(keep) {
    const { sound, seconds } = await recording.end();
    show(false);
    if (keep) await send(sound, seconds);
  }

  $("record").addEventListener("click", begin);
  $("send-recording").addEventListener("click", () => end(true));
  $("cancel-recording").addEventListener("click", () => end(false));
}

// How long an audio file lasts, in whole seconds; 1 when the browser cannot tell.
export function lengthOf(file) {
  return new Promise((resolve) => {
    const sound = new Audio();
    const done = () => {
      URL.revokeObjectURL(sound.src);
      resolve(Number.isFinite(sound.duration) ? Math.max(1, Math.round(sound.duration)) : 1);
    };
    sound.addEventListener("loadedmetadata", done);
    sound.addEventListener("error", done);
    sound.preload = "metadata";
    sound.src = URL.createObjectURL(file);
  });
}
