// A series whose pixels carry the number of their slice, scrolled as fast as a hand can, and what was on the
// glass in each frame of the screen: the number in the pixels and the number in the words.
import { ctSeries } from './phantoms.mjs';

const GREYS = 255;

/** All pixels of a slice are the same; the window of the series spreads the slices over the greys. */
export function numberedSeries(patient, slices, side) {
  const step = 16;
  return ctSeries({
    patient,
    description: 'Numbered slices',
    slices,
    columns: side,
    rows: side,
    axes: [1, 0, 0, 0, 1, 0],
    spacing: [0.5, 0.5],
    place: (slice) => [0, 0, 2 * slice],
    window: [(step * (slices - 1)) / 2, step * (slices - 1)],
    pixels: (_column, _row, slice) => 1024 + step * slice,
  });
}

/**
 * Turns the wheel by one slice `perSecond` times a second for so many seconds, up and down, and reads the glass
 * before each frame. Resolves with frames seen, those that changed, each in which pixels and words differ, and the
 * tasks of the page that took 50 ms and more. In a slab of the largest values that joins `reach` slices to either
 * side, the pixels carry the number of the last of them.
 */
export function scrollAndRead(person, { slices, seconds, perSecond, reach = 0 }) {
  return person.page.evaluate(
    async ({ slices, seconds, perSecond, greys, reach }) => {
      const pane = document.querySelector('[data-pane="0"]');
      const glass = pane.querySelector('.glass');
      const words = pane.querySelector('.lower-right');
      const spot = document.createElement('canvas');
      spot.width = 1;
      spot.height = 1;
      const reader = spot.getContext('2d', { willReadFrequently: true });
      const inPixels = () => {
        const canvas = [...pane.querySelectorAll('.picture canvas')].find(
          (one) =>
            one.width > 1 &&
            getComputedStyle(one).display !== 'none' &&
            one.matches('.slab-picture') === (reach > 0),
        );
        const { width, height } = canvas;
        reader.drawImage(canvas, Math.floor(width / 2), Math.floor(height / 2), 1, 1, 0, 0, 1, 1);
        return Math.round((reader.getImageData(0, 0, 1, 1).data[0] / greys) * (slices - 1)) + 1;
      };
      const inWords = () => Number(/(\d+) \/ \d+/.exec(words.textContent)?.[1]);
      const said = { frames: 0, painted: 0, disagreed: [], seen: new Set(), longTasks: 0, inLongTasks: 0, longest: 0 };
      const observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) {
          said.longTasks += 1;
          said.inLongTasks += duration;
          said.longest = Math.max(said.longest, duration);
        }
      });
      observer.observe({ type: 'longtask' });
      const end = performance.now() + 1000 * seconds;
      let turned = performance.now();
      let direction = 1;
      let last = 0;
      let turns = 0;
      const turn = () => {
        turns += 1;
        const place = inWords();
        if (place >= slices) direction = -1;
        if (place <= 1) direction = 1;
        const box = glass.getBoundingClientRect();
        const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
        glass.dispatchEvent(
          new WheelEvent('wheel', { ...at, deltaY: 50 * direction, bubbles: true, cancelable: true }),
        );
      };
      // The end of a frame is when its pixels are shown: what stands in the page then is what is seen.
      const afterFrame = () =>
        new Promise((resolve) => {
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = resolve;
            channel.port2.postMessage(undefined);
          });
        });
      while (performance.now() < end) {
        await afterFrame();
        const [pixels, text] = [inPixels(), inWords()];
        said.frames += 1;
        if (pixels !== Math.min(slices, text + reach)) said.disagreed.push([pixels, text]);
        if (pixels !== last) said.painted += 1;
        last = pixels;
        said.seen.add(pixels);
        const due = Math.min(10, Math.floor(((performance.now() - turned) * perSecond) / 1000));
        for (let one = 0; one < due; one += 1) turn();
        if (due > 0) turned = performance.now();
      }
      observer.disconnect();
      return { ...said, seen: said.seen.size, turned: turns, status: pane.dataset.status };
    },
    { slices, seconds, perSecond, greys: GREYS, reach },
  );
}
