// The page of test_chromium.py: one participant publishes, another one watches.
// `rtcConfiguration`, `relayPublish(sdp, sources)` and `relayAnswer(generation, sdp)` are exposed by the test.

const publishing = new RTCPeerConnection({ bundlePolicy: "max-bundle", ...rtcConfiguration });
const watching = new RTCPeerConnection({ bundlePolicy: "max-bundle", ...rtcConfiguration });
const sourceOfTrack = new Map();
const elementOfTrack = new Map(); // the newest for each track that is watched
let lastOffer = Promise.resolve();

watching.ontrack = ({ track, streams }) => {
  const element = document.createElement(track.kind);
  element.autoplay = true;
  element.srcObject = new MediaStream([track]);
  document.body.append(element);
  elementOfTrack.set(track, element);
  element.play();
};

async function negotiate() {
  await publishing.setLocalDescription();
  const sources = {};
  for (const transceiver of publishing.getTransceivers()) {
    const track = transceiver.sender.track;
    if (track && transceiver.direction === "sendonly") {
      sources[transceiver.mid] = sourceOfTrack.get(track.id);
    }
  }
  const sdp = await relayPublish(publishing.localDescription.sdp, sources);
  await publishing.setRemoteDescription({ type: "answer", sdp });
}

function preferCodec(transceiver, mimeType) {
  const { codecs } = RTCRtpReceiver.getCapabilities("video");
  const wanted = codecs.filter((codec) => codec.mimeType === mimeType);
  transceiver.setCodecPreferences([...wanted, ...codecs.filter((codec) => !wanted.includes(codec))]);
}

window.publishDevices = async ({ mimeType, simulcast }) => {
  const media = await navigator.mediaDevices.getUserMedia({
    audio: true, video: { width: 1280, height: 720 },
  });
  const [audio] = media.getAudioTracks();
  const [video] = media.getVideoTracks();
  sourceOfTrack.set(audio.id, "microphone");
  sourceOfTrack.set(video.id, "camera");
  publishing.addTransceiver(audio, { direction: "sendonly" });
  const sendEncodings = simulcast
    ? [
      { rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
      { rid: "m", scaleResolutionDownBy: 2, maxBitrate: 450_000 },
      { rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
    ].map((encoding) => ({ ...encoding, scalabilityMode: "L1T3" }))
    : [{}];
  const transceiver = publishing.addTransceiver(video, { direction: "sendonly", sendEncodings });
  if (mimeType) {
    preferCodec(transceiver, mimeType);
  }
  await negotiate();
};

window.shareScreen = async () => {
  const media = await navigator.mediaDevices.getDisplayMedia({ video: true });
  const [video] = media.getVideoTracks();
  sourceOfTrack.set(video.id, "screen");
  publishing.addTransceiver(video, { direction: "sendonly" });
  await negotiate();
};

window.stopScreen = async () => {
  for (const transceiver of publishing.getTransceivers()) {
    const track = transceiver.sender.track;
    if (track && sourceOfTrack.get(track.id) === "screen") {
      track.stop();
      await transceiver.sender.replaceTrack(null);
      transceiver.direction = "inactive";
    }
  }
  await negotiate();
};

window.restartIce = async () => {
  publishing.restartIce();
  await negotiate();
};

window.takeOffer = (generation, sdp) => {
  lastOffer = lastOffer.then(async () => {
    await watching.setRemoteDescription({ type: "offer", sdp });
    await watching.setLocalDescription();
    await relayAnswer(generation, watching.localDescription.sdp);
  });
  return lastOffer;
};

/** What a person sees and hears: frames on the screen, and how loud the track is, by mid. */
window.playedByMid = async () => {
  const played = {};
  for (const { mid, receiver } of watching.getTransceivers()) {
    const element = elementOfTrack.get(receiver.track);
    if (!element) continue;
    played[mid] = receiver.track.kind === "video"
      ? { frames: element.getVideoPlaybackQuality().totalVideoFrames }
      : { level: await loudest(receiver.track) };
  }
  return played;
};

/** The largest sample of half a second, 0 to 1. */
async function loudest(track) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let level = 0;
  for (let round = 0; round < 25; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    analyser.getFloatTimeDomainData(samples);
    level = Math.max(level, ...samples.map(Math.abs));
  }
  await context.close();
  return level;
}

window.stopDevices = async () => {
  for (const transceiver of publishing.getTransceivers()) {
    transceiver.sender.track?.stop();
    await transceiver.sender.replaceTrack(null);
    transceiver.direction = "inactive";
  }
  await negotiate();
};

window.receivedByMid = async () => {
  const received = {};
  for (const report of (await watching.getStats()).values()) {
    if (report.type === "inbound-rtp") {
      received[report.mid] = {
        kind: report.kind,
        framesDecoded: report.framesDecoded ?? 0,
        freezeCount: report.freezeCount ?? 0,
        pliCount: report.pliCount ?? 0,
        repaired: report.retransmittedPacketsReceived ?? 0,
        playing: report.estimatedPlayoutTimestamp ?? 0,
        packetsLost: report.packetsLost ?? 0,
        totalAudioEnergy: report.totalAudioEnergy ?? 0,
        packetsReceived: report.packetsReceived,
        frameWidth: report.frameWidth ?? 0,
      };
    }
  }
  return received;
};

window.takeLayers = async (source, layers) => {
  for (const { sender } of publishing.getTransceivers()) {
    if (sender.track && sourceOfTrack.get(sender.track.id) === source) {
      const parameters = sender.getParameters();
      parameters.encodings.forEach((encoding, index) => (encoding.active = layers.includes(index)));
      await sender.setParameters(parameters);
    }
  }
};

window.sentLayers = async () => {
  const layers = {};
  for (const report of (await publishing.getStats()).values()) {
    if (report.type === "outbound-rtp" && report.kind === "video") {
      layers[report.rid ?? ""] = { framesSent: report.framesSent ?? 0, active: report.active };
    }
  }
  return layers;
};

window.publishStats = async () => {
  const stats = [...(await publishing.getStats()).values()];
  const codecs = new Map(stats.filter((r) => r.type === "codec").map((r) => [r.id, r.mimeType]));
  const pair = stats.find((r) => r.type === "candidate-pair" && r.nominated);
  const transport = stats.find((r) => r.type === "transport");
  return {
    codecs: stats.filter((r) => r.type === "outbound-rtp").map((r) => codecs.get(r.codecId)),
    availableOutgoingBitrate: pair?.availableOutgoingBitrate ?? 0,
    dtlsRole: transport?.dtlsRole,
    srtpCipher: transport?.srtpCipher,
    state: publishing.connectionState,
  };
};

/** The candidates of the pair in use: `local` by type, `remote` by protocol. */
window.selectedPath = async (connection) => {
  const stats = await connection.getStats();
  const transport = [...stats.values()].find((entry) => entry.type === "transport");
  const pair = stats.get(transport.selectedCandidatePairId);
  return {
    local: stats.get(pair.localCandidateId).candidateType,
    remote: stats.get(pair.remoteCandidateId).protocol,
  };
};
