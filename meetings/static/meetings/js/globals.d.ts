// What Django's JavaScript catalogue puts on the page before our modules run.
declare function gettext(text: string): string;
declare function ngettext(singular: string, plural: string, count: number): string;
declare function interpolate(text: string, values: Record<string, unknown>, named: true): string;

// WebRTC SVC (W3C), which TypeScript's own declarations leave out.
interface RTCRtpEncodingParameters {
  scalabilityMode?: string;
}
