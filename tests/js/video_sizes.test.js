/** In how many sizes a camera is sent, and with how many bits. */

import assert from "node:assert/strict";
import test from "node:test";

import { chooseEncodings } from "../../meetings/static/meetings/js/video_sizes.js";

/** [width, height] of each encoding as it arrives, and its limit in kbit/s. */
function describe(width, height) {
  return chooseEncodings("camera", { width, height }).map(
    ({ scaleResolutionDownBy: scale = 1, maxBitrate }) => [width / scale, height / scale, maxBitrate / 1_000],
  );
}

test("camera_of_any_size_has_its_own_size_as_the_largest", () => {
  assert.deepEqual(describe(1280, 720), [[320, 180, 150], [640, 360, 475], [1280, 720, 1_500]]);
  assert.deepEqual(describe(960, 720), [[240, 180, 118], [480, 360, 374], [960, 720, 1_181]]);
  assert.deepEqual(describe(640, 480), [[320, 240, 191], [640, 480, 603]]);
  assert.deepEqual(describe(640, 360), [[320, 180, 150], [640, 360, 475]]);
  assert.deepEqual(describe(352, 288), [[352, 288, 240]]);
  assert.deepEqual(describe(320, 180), [[320, 180, 150]]);
});

test("camera_upright_is_sent_as_one_on_its_side", () => {
  const limits = (width, height) => describe(width, height).map(([, , kbps]) => kbps);

  assert.deepEqual(limits(720, 1280), limits(1280, 720));
  assert.deepEqual(limits(360, 640), limits(640, 360));
});

test("camera_larger_than_asked_for_takes_no_more_bits", () => {
  assert.deepEqual(describe(1920, 1080).map(([, , kbps]) => kbps), [294, 930, 1_500]);
});

test("camera_whose_size_the_browser_does_not_tell_is_taken_to_give_what_was_asked_for", () => {
  assert.deepEqual(chooseEncodings("camera", {}), chooseEncodings("camera", { width: 1280, height: 720 }));
  assert.deepEqual(chooseEncodings("camera", { width: 0, height: 0 }), chooseEncodings("camera", {}));
});

test("screen_is_sent_in_one_size_however_large", () => {
  assert.deepEqual(chooseEncodings("screen", { width: 640, height: 480 }), [{ maxBitrate: 2_500_000 }]);
  assert.deepEqual(chooseEncodings("microphone", {}), [{}]);
});
