/** Hz, seconds after the first one, seconds long. */
type Note = readonly [hz: number, after: number, long: number];

/** Each is told from the others by how many notes it has and which way they go. */
const NOTES = {
  /** Two that fall: the picture is lost. */
  lost: [
    [660, 0, 0.16],
    [440, 0.18, 0.16],
  ],
  /** Three that rise, as a question does: a person asks for the robot. */
  asked: [
    [523, 0, 0.14],
    [659, 0.16, 0.14],
    [784, 0.32, 0.22],
  ],
  /** A bell of two: a person has come. */
  arrived: [
    [784, 0, 0.12],
    [1047, 0.13, 0.3],
  ],
  /** One, high and short: the robot moves. */
  moves: [[880, 0, 0.07]],
  /** One, low and short: it has stopped. */
  stopped: [[330, 0, 0.09]],
  /** The same twice: it has confirmed STOP. */
  confirmed: [
    [330, 0, 0.07],
    [330, 0.11, 0.07],
  ],
} as const satisfies Record<string, readonly Note[]>;

/** A browser that lets the page be heard only later would sound what is long over, s. */
const LATE_S = 0.4;
/** Between two sounds, s. */
const GAP_S = 0.08;

/** Short sounds beside words that say the same. Silent where the browser does not let a page be heard. */
export class Tone {
  readonly #create: () => AudioContext;
  readonly #now: () => number;
  #context: AudioContext | null = null;
  /** When the sounds before are over, on the context's clock. */
  #freeAt = 0;

  constructor(
    create: () => AudioContext = () => new AudioContext(),
    now: () => number = () => performance.now(),
  ) {
    this.#create = create;
    this.#now = now;
  }

  lost(): void {
    void this.#sound(NOTES.lost);
  }

  asked(): void {
    void this.#sound(NOTES.asked);
  }

  arrived(): void {
    void this.#sound(NOTES.arrived);
  }

  moves(): void {
    void this.#sound(NOTES.moves);
  }

  stopped(): void {
    void this.#sound(NOTES.stopped);
  }

  confirmed(): void {
    void this.#sound(NOTES.confirmed);
  }

  async #sound(notes: readonly Note[]): Promise<void> {
    const asked = this.#now();
    try {
      this.#context ??= this.#create();
      const context = this.#context;
      if (context.state !== 'running') await context.resume();
      if (this.#now() - asked > LATE_S * 1000) return;
      // One after the other: two at once would be a third one.
      const from = Math.max(context.currentTime, this.#freeAt);
      if (from - context.currentTime > LATE_S) return;
      for (const note of notes) this.#note(context, from, note);
    } catch {
      // No sound device: the words say it as well.
    }
  }

  #note(context: AudioContext, begin: number, [hz, after, long]: Note): void {
    const from = begin + after;
    const voice = context.createOscillator();
    const gain = context.createGain();
    voice.frequency.value = hz;
    // A ramp at both ends, so that nothing clicks.
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(0.12, from + 0.02);
    gain.gain.linearRampToValueAtTime(0, from + long);
    voice.connect(gain).connect(context.destination);
    voice.start(from);
    voice.stop(from + long + 0.01);
    this.#freeAt = Math.max(this.#freeAt, from + long + GAP_S);
  }
}
