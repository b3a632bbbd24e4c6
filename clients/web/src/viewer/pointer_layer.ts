// Everybody else's pointers on one pane, drawn with the screen's own rhythm and outside React: positions
// glide between updates, fade when nobody moves them, and say how far off the plane they are.
import { personColor, shortName } from '../ui/people';
import type { Words } from '../words';
import { placePointer, type Placed } from './place';
import type { StageController } from './stage_controller';

/** Time constant of the glide: a pointer told 60 times a second lags by less than two of them. */
const GLIDE_MS = 28;
const JUMP_PX = 400;
const IDLE_MS = 3000;
const GONE_MS = 60_000;
const FADED = 0.35;

interface Drawn {
    element: HTMLDivElement;
    label: HTMLSpanElement;
    x: number;
    y: number;
    told: string;
    toldAt: number;
    text: string;
}

export class PointerLayer {
    private readonly controller: StageController;
    private readonly pane: number;
    private readonly parent: HTMLElement;
    private readonly nameOf: (user: string) => string;
    private readonly words: Words;
    private readonly drawn = new Map<number, Drawn>();
    private readonly unwatch: () => void;
    private frame = 0;
    private last = 0;

    constructor(
        controller: StageController,
        pane: number,
        parent: HTMLElement,
        nameOf: (user: string) => string,
        words: Words,
    ) {
        this.controller = controller;
        this.pane = pane;
        this.parent = parent;
        this.nameOf = nameOf;
        this.words = words;
        this.unwatch = controller.watchStage(() => this.wake());
        this.wake();
    }

    close(): void {
        this.unwatch();
        window.cancelAnimationFrame(this.frame);
        for (const { element } of this.drawn.values()) {
            element.remove();
        }
    }

    wake(): void {
        if (this.frame === 0) {
            this.last = performance.now();
            this.frame = window.requestAnimationFrame((now) => this.draw(now));
        }
    }

    private draw(now: number): void {
        this.frame = 0;
        const elapsed = Math.max(0, now - this.last);
        this.last = now;
        const seen = new Set<number>();
        let moving = false;
        for (const [participant, placed, told] of this.visible()) {
            seen.add(participant);
            moving = this.put(participant, placed, told, now, elapsed) || moving;
        }
        for (const [participant, { element }] of this.drawn) {
            if (!seen.has(participant)) {
                element.remove();
                this.drawn.delete(participant);
            }
        }
        if (moving || this.drawn.size > 0) {
            this.frame = window.requestAnimationFrame((next) => this.draw(next));
        }
    }

    private *visible(): Generator<[number, Placed, string]> {
        const { stage, panes, participant: own } = this.controller;
        const { pointersHidden } = this.controller.state.get();
        const pane = panes.get(this.pane);
        if (!stage || !pane || pointersHidden) {
            return;
        }
        for (const [participant, pointer] of stage.pointers) {
            const who = stage.participants.get(participant);
            const holds = stage.floor.state === 'held' && stage.floor.holder === who?.user;
            const target = stage.bindings.get(pointer.handle);
            if (participant === own || !who?.present || !target) {
                continue;
            }
            if (!holds && (!who.pointing || stage.quiet)) {
                continue;
            }
            const placed = placePointer(target, pointer, pane.shown, this.controller.links);
            if (placed) {
                yield [
                    participant,
                    placed,
                    `${pointer.handle}/${pointer.x}/${pointer.y}/${pointer.z}`,
                ];
            }
        }
    }

    /** True while it still glides. */
    private put(
        participant: number,
        placed: Placed,
        told: string,
        now: number,
        elapsed: number,
    ): boolean {
        const drawn = this.drawn.get(participant) ?? this.make(participant, placed, now);
        if (drawn.told !== told) {
            drawn.told = told;
            drawn.toldAt = now;
        }
        const far = Math.hypot(placed.x - drawn.x, placed.y - drawn.y);
        const share = far > JUMP_PX ? 1 : 1 - Math.exp(-elapsed / GLIDE_MS);
        drawn.x += (placed.x - drawn.x) * share;
        drawn.y += (placed.y - drawn.y) * share;
        const idle = now - drawn.toldAt;
        const { style } = drawn.element;
        style.transform = `translate(${drawn.x.toFixed(1)}px, ${drawn.y.toFixed(1)}px)`;
        style.opacity = String(opacity(idle, placed.away));
        style.display = idle > GONE_MS ? 'none' : '';
        const who = this.controller.stage?.participants.get(participant);
        const name = shortName(this.nameOf(who?.user ?? ''));
        const text = [
            name,
            placed.away > 0 ? this.words.pointerAway(placed.away) : '',
            placed.across ? this.words.looking.pointerAcross : '',
        ]
            .filter(Boolean)
            .join(' · ');
        if (text !== drawn.text) {
            drawn.text = text;
            drawn.label.textContent = text;
        }
        return far > 0.2 || idle < IDLE_MS + 600;
    }

    private make(participant: number, placed: Placed, now: number): Drawn {
        const who = this.controller.stage?.participants.get(participant);
        const element = document.createElement('div');
        element.className = 'pointer';
        element.dataset.participant = String(participant);
        element.style.setProperty('--person', personColor(who?.color ?? 0));
        const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
        svg.setAttribute('width', '16');
        svg.setAttribute('height', '18');
        const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
        path.setAttribute('d', 'M1 1l13 6-6 2-3 7z');
        svg.append(path);
        const label = document.createElement('span');
        element.append(svg, label);
        this.parent.append(element);
        const drawn = { element, label, x: placed.x, y: placed.y, told: '', toldAt: now, text: '' };
        this.drawn.set(participant, drawn);
        return drawn;
    }
}

function opacity(idle: number, away: number): number {
    const whole = away > 0 ? 0.55 : 1;
    if (idle < IDLE_MS) {
        return whole;
    }
    const fading = Math.min(1, (idle - IDLE_MS) / 500);
    return whole - (whole - Math.min(whole, FADED)) * fading;
}
