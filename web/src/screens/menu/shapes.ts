// Shapes of the menu alone, so that the first route does not carry them.

export const SLIDERS = [
  'M4 7h9M17 7h3M4 17h3M11 17h9',
  'M15 5a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
  'M9 15a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
];
/** A wheel that is let go. */
export const RELEASE = [
  'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z',
  'M12 10a2 2 0 1 0 0 4a2 2 0 0 0 0-4z',
  'M3 12h7M14 12h7M12 14v7',
];
export const BARS = ['M4 20.5h16', 'M6.5 20v-6M12 20V5M17.5 20v-9'];
export const GLOBE = [
  'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z',
  'M3 12h18',
  'M12 3c3 2.5 4 5.5 4 9s-1 6.5-4 9c-3-2.5-4-5.5-4-9s1-6.5 4-9z',
];
export const WAY_OUT = ['M14 4H5v16h9', 'M10 12h11M17.5 8.5L21 12l-3.5 3.5'];
