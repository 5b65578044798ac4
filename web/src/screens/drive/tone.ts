/** Two short falling notes: the picture is lost. Silent where the browser does not let a page be heard. */
export class Tone {
  #context: AudioContext | null = null;

  lost(): void {
    try {
      this.#context ??= new AudioContext();
      void this.#context.resume().catch(() => undefined);
      this.#note(660, 0);
      this.#note(440, 0.18);
    } catch {
      // No sound device: the words and the grey picture say it as well.
    }
  }

  #note(hz: number, after: number): void {
    const context = this.#context;
    if (context === null) return;
    const from = context.currentTime + after;
    const voice = context.createOscillator();
    const gain = context.createGain();
    voice.frequency.value = hz;
    // A ramp at both ends, so that nothing clicks.
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(0.12, from + 0.02);
    gain.gain.linearRampToValueAtTime(0, from + 0.16);
    voice.connect(gain).connect(context.destination);
    voice.start(from);
    voice.stop(from + 0.17);
  }
}
