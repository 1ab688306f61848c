/** Charts take the width that their place has, on a desk and on a phone. */

const ROOM_FOR_AXIS_PX = 120;
const LEGEND_COLUMNS = 1; // names side by side would be cut off at the edge

/**
 * @param {Record<string, any>} spec a Vega-Lite chart, whose width is that of its drawing area
 * @param {number} available the width of its place in pixels
 * @returns {Record<string, any>}
 */
export function fitted(spec, available) {
  if (typeof spec.width !== "number") return spec;
  // Only the width gives way: bars and rows keep the height that they were drawn for.
  const wide = { ...spec, width: "container", autosize: { type: "fit-x", contains: "padding" } };
  if (available >= spec.width + ROOM_FOR_AXIS_PX) return wide;
  const legend = { ...spec.config?.legend, columns: LEGEND_COLUMNS };
  return { ...wide, config: { ...spec.config, legend } };
}
