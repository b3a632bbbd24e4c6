// This person's own pointer: bound once a space, sent at most once a frame, taken away when it leaves.
import type { PointerTarget } from '../wire';
import { glassToWorld } from './geometry';
import { pointerAt } from './place';
import type { StageController } from './stage_controller';
import type { Pixel } from './vector';

const keyOf = (target: PointerTarget): string =>
    [target.space, target.patientCase, target.studyUid, target.uid].join('|');

interface Place {
    target: PointerTarget;
    x: number;
    y: number;
    z: number;
}

const placeText = ({ target, x, y, z }: Place): string => [keyOf(target), x, y, z].join('|');

export class OwnPointer {
    private readonly controller: StageController;
    private readonly handles = new Map<string, number>();
    private readonly asked = new Set<string>();
    private readonly unwatch: () => void;
    private under: { pane: number; at: Pixel } | undefined;
    private next: Place | undefined;
    private said = '';
    private frame = 0;
    private shown = false;
    private held = false;

    constructor(controller: StageController) {
        this.controller = controller;
        this.unwatch = controller.watchStage(() => this.aim());
    }

    close(): void {
        this.unwatch();
        window.cancelAnimationFrame(this.frame);
    }

    /** Shown to the others: always for the presenter, else while a key is held or pointing is on. */
    get active(): boolean {
        const { controller } = this;
        const { presenting, pointing } = controller.state.get();
        if (!controller.mayAct || !controller.stage?.open) {
            return false;
        }
        return presenting || ((this.held || pointing) && !controller.stage.quiet);
    }

    hold(held: boolean): void {
        if (this.held !== held) {
            this.held = held;
            this.tellPointing();
        }
    }

    tellPointing(): void {
        const pointing = this.held || this.controller.state.get().pointing;
        this.controller.signal({ type: 'SetPointing', pointing });
        if (!this.active) {
            this.leave();
        }
    }

    move(pane: number, at: Pixel): void {
        this.under = { pane, at };
        this.aim();
    }

    /** What lies under the hand: it changes when the hand moves, and when the image under it does. */
    private aim(): void {
        const state = this.under && this.controller.panes.get(this.under.pane);
        if (!this.under || !state || !this.active) {
            return;
        }
        this.next = pointerAt(state.shown, glassToWorld(state.projection, this.under.at));
        if (this.frame === 0 && this.next && placeText(this.next) !== this.said) {
            this.frame = window.requestAnimationFrame(() => this.send());
        }
    }

    leave(): void {
        this.next = undefined;
        this.under = undefined;
        this.said = '';
        if (this.shown) {
            this.shown = false;
            this.controller.signal({ type: 'MovePointer', handle: 0, x: 0, y: 0, z: 0 });
        }
    }

    private send(): void {
        this.frame = 0;
        const { next } = this;
        if (!next || !this.active) {
            return;
        }
        const handle = this.handleOf(next.target);
        if (handle === undefined) {
            this.bind(next.target);
            return;
        }
        const { x, y, z } = next;
        this.shown = true;
        this.said = placeText(next);
        this.controller.signal({ type: 'MovePointer', handle, x, y, z });
    }

    private handleOf(target: PointerTarget): number | undefined {
        const key = keyOf(target);
        const own = this.handles.get(key);
        const bindings = this.controller.stage?.bindings;
        if (own !== undefined && bindings?.has(own)) {
            return own;
        }
        for (const [handle, bound] of bindings ?? []) {
            if (keyOf(bound) === key) {
                this.handles.set(key, handle);
                return handle;
            }
        }
        return undefined;
    }

    private bind(target: PointerTarget): void {
        const key = keyOf(target);
        if (this.asked.has(key)) {
            return;
        }
        this.asked.add(key);
        void this.controller.ask({ type: 'BindHandle', target }).then((answer) => {
            this.asked.delete(key);
            if (answer?.type === 'HandleBound') {
                this.handles.set(key, answer.handle);
                if (this.next && this.frame === 0) {
                    this.frame = window.requestAnimationFrame(() => this.send());
                }
            }
        });
    }
}
