// Mouse, pen and fingers on one pane. The left button does what the chosen tool does; the others pan and
// zoom; the wheel scrolls. One finger scrolls, two zoom, pan and turn, one held still points. Twice quickly at one
// place makes the viewport the only one, and again brings the others back.
import type { AnnotationTool, Window } from '../wire';
import { aimAt, dragWindow, panBy, rotateBy, scrollBy, zoomBy } from './actions';
import { isDrawing } from './drawing';
import { placeMark } from './linking';
import type { OwnPointer } from './pointing';
import type { StageController } from './stage_controller';
import type { Pixel } from './vector';

export interface GestureTarget {
    controller: StageController;
    pane: number;
    pointer: OwnPointer;
    /** The window on the glass when a drag begins. */
    window(): Window | undefined;
    drawBegin(tool: AnnotationTool, at: Pixel): void;
    drawTo(at: Pixel): void;
    drawEnd(at: Pixel): void;
    drawCancel(): void;
}

type Drag =
    | { does: 'window'; from: Window; start: Pixel }
    | { does: 'zoom' | 'pan' | 'scroll'; last: Pixel; rest: number }
    | { does: 'draw' }
    | { does: 'aim' }
    | { does: 'point' }
    | { does: 'wait'; start: Pixel; timer: number }
    | { does: 'pinch'; distance: number; middle: Pixel; angle: number; turns: boolean };

const HOLD_MS = 350;
const STILL_PX = 8;
/** Two taps this quick and near are one. */
const TWICE_MS = 350;
const TWICE_PX = 24;
const SCROLL_PX = 14;
const WHEEL_STEP = 50;
const ZOOM_SPEED = 0.01;
/** Fingers that zoom turn by less. */
const TURN_DEGREES = 12;

const LEFT = 0;
const MIDDLE = 1;

export class Gestures {
    private readonly element: HTMLElement;
    private readonly target: GestureTarget;
    private readonly fingers = new Map<number, Pixel>();
    private drag: Drag | undefined;
    /** Where the button or the only finger went down, while that may still become a tap. */
    private pressed: { at: Pixel; time: number } | undefined;
    private tapped: { at: Pixel; time: number } | undefined;
    private wheelRest = 0;
    private readonly stop = new AbortController();

    constructor(element: HTMLElement, target: GestureTarget) {
        this.element = element;
        this.target = target;
        const options = { signal: this.stop.signal };
        element.addEventListener('pointerdown', (event) => this.down(event), options);
        element.addEventListener('pointermove', (event) => this.move(event), options);
        element.addEventListener('pointerup', (event) => this.up(event), options);
        element.addEventListener('pointercancel', (event) => this.up(event, false), options);
        element.addEventListener('pointerleave', () => target.pointer.leave(), options);
        element.addEventListener('contextmenu', (event) => event.preventDefault(), options);
        element.addEventListener('wheel', (event) => this.wheel(event), {
            ...options,
            passive: false,
        });
    }

    close(): void {
        this.stop.abort();
    }

    private at(event: { clientX: number; clientY: number }): Pixel {
        const box = this.element.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    }

    private down(event: PointerEvent): void {
        const { controller, pane } = this.target;
        const at = this.at(event);
        controller.setActive(pane);
        this.element.setPointerCapture(event.pointerId);
        const only = event.button === LEFT && this.fingers.size === 0;
        this.pressed = only ? { at, time: event.timeStamp } : undefined;
        if (event.pointerType === 'touch') {
            this.fingers.set(event.pointerId, at);
            this.touch(at);
            return;
        }
        this.drag = this.begin(event.button, at);
    }

    private begin(button: number, at: Pixel): Drag | undefined {
        if (button === MIDDLE) {
            return { does: 'pan', last: at, rest: 0 };
        }
        if (button !== LEFT) {
            return { does: 'zoom', last: at, rest: 0 };
        }
        return this.withTool(at);
    }

    private withTool(at: Pixel): Drag | undefined {
        const { tool } = this.target.controller.state.get();
        if (isDrawing(tool)) {
            this.target.drawBegin(tool, at);
            return { does: 'draw' };
        }
        switch (tool) {
            case 'window': {
                const from = this.target.window();
                return from && { does: 'window', from, start: at };
            }
            case 'zoom':
            case 'pan':
                return { does: tool, last: at, rest: 0 };
            case 'point':
                return { does: 'point' };
            case 'crosshair':
                aimAt(this.target.controller, this.target.pane, at);
                return { does: 'aim' };
            case 'mark':
                placeMark(this.target.controller, this.target.pane, at);
                return undefined;
        }
    }

    private touch(at: Pixel): void {
        const { tool } = this.target.controller.state.get();
        if (this.fingers.size > 1) {
            this.endOneFinger();
            this.drag = this.fingers.size === 2 ? { does: 'pinch', turns: false, ...this.pinch() } : undefined;
            return;
        }
        if (isDrawing(tool) || tool === 'crosshair' || tool === 'mark') {
            this.drag = this.withTool(at);
            return;
        }
        const timer = window.setTimeout(() => {
            this.drag = { does: 'point' };
            this.target.pointer.hold(true);
            this.target.pointer.move(this.target.pane, at);
        }, HOLD_MS);
        this.drag = { does: 'wait', start: at, timer };
    }

    /** What one finger had begun is not what two of them mean. */
    private endOneFinger(): void {
        this.endWait();
        if (this.drag?.does === 'draw') {
            this.target.drawCancel();
        }
        this.endPoint();
        this.drag = undefined;
    }

    private endPoint(): void {
        if (this.drag?.does === 'point') {
            this.target.pointer.hold(false);
            this.target.pointer.leave();
        }
    }

    private endWait(): void {
        if (this.drag?.does === 'wait') {
            window.clearTimeout(this.drag.timer);
            this.drag = undefined;
        }
    }

    private pinch(): { distance: number; middle: Pixel; angle: number } {
        const [a = [0, 0], b = [0, 0]] = [...this.fingers.values()];
        return {
            distance: Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1])),
            middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
            angle: (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI,
        };
    }

    private move(event: PointerEvent): void {
        const at = this.at(event);
        const { controller, pane, pointer } = this.target;
        if (this.fingers.has(event.pointerId)) {
            this.fingers.set(event.pointerId, at);
        }
        if (event.pointerType !== 'touch' || this.drag?.does === 'point') {
            pointer.move(pane, at);
        }
        const { drag } = this;
        switch (drag?.does) {
            case 'window':
                dragWindow(controller, pane, drag.from, [
                    at[0] - drag.start[0],
                    at[1] - drag.start[1],
                ]);
                break;
            case 'zoom':
            case 'pan':
            case 'scroll':
                this.moveBy(drag, at);
                break;
            case 'draw':
                this.target.drawTo(at);
                break;
            case 'aim':
                aimAt(controller, pane, at);
                break;
            case 'wait':
                this.leaveWait(drag, at);
                break;
            case 'pinch':
                this.movePinch(drag);
                break;
            default:
                this.target.drawTo(at); // a point of the drawing that is not pressed yet
                break;
        }
    }

    private moveBy(drag: Extract<Drag, { last: Pixel }>, at: Pixel): void {
        const { controller, pane } = this.target;
        const dx = at[0] - drag.last[0];
        const dy = at[1] - drag.last[1];
        drag.last = at;
        if (drag.does === 'pan') {
            panBy(controller, pane, [dx, dy]);
        } else if (drag.does === 'zoom') {
            zoomBy(controller, pane, Math.exp(-dy * ZOOM_SPEED));
        } else {
            drag.rest += dy;
            const steps = Math.trunc(drag.rest / SCROLL_PX);
            drag.rest -= steps * SCROLL_PX;
            scrollBy(controller, pane, steps);
        }
    }

    /** A finger that moves before it is held still does what the tool does, or scrolls. */
    private leaveWait(drag: Extract<Drag, { does: 'wait' }>, at: Pixel): void {
        if (Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) < STILL_PX) {
            return;
        }
        this.endWait();
        const { tool } = this.target.controller.state.get();
        const scrolls = tool === 'point' || tool === 'window';
        const vertical = Math.abs(at[1] - drag.start[1]) > Math.abs(at[0] - drag.start[0]);
        this.drag =
            scrolls && vertical ? { does: 'scroll', last: at, rest: 0 } : this.withTool(at);
    }

    private movePinch(drag: Extract<Drag, { does: 'pinch' }>): void {
        const { controller, pane } = this.target;
        const { distance, middle, angle } = this.pinch();
        this.turnPinch(drag, angle);
        panBy(controller, pane, [middle[0] - drag.middle[0], middle[1] - drag.middle[1]]);
        drag.middle = middle;
        if (Math.abs(distance / drag.distance - 1) > 0.01) {
            zoomBy(controller, pane, distance / drag.distance, middle);
            drag.distance = distance;
        }
    }

    /** Two fingers turn the image once they have clearly turned, and then as far as they do. */
    private turnPinch(drag: Extract<Drag, { does: 'pinch' }>, angle: number): void {
        const by = ((angle - drag.angle + 540) % 360) - 180;
        if (!drag.turns && Math.abs(by) < TURN_DEGREES) {
            return;
        }
        drag.turns = true;
        drag.angle = angle;
        rotateBy(this.target.controller, this.target.pane, by);
    }

    /** `whole` is false when the system took the finger away. */
    private up(event: PointerEvent, whole = true): void {
        const at = this.at(event);
        const pressed = whole ? this.pressed : undefined;
        const tool = this.drag?.does;
        this.pressed = undefined;
        this.fingers.delete(event.pointerId);
        this.endWait();
        if (tool === 'draw') {
            if (whole) {
                this.target.drawEnd(at);
            } else {
                this.target.drawCancel();
            }
        }
        if (event.pointerType === 'touch') {
            this.endPoint();
        }
        this.drag = undefined;
        const { tool: chosen } = this.target.controller.state.get();
        if (pressed && !isDrawing(chosen) && chosen !== 'crosshair' && chosen !== 'mark') {
            this.tap(pressed, at, event.timeStamp);
        }
    }

    private tap(pressed: { at: Pixel; time: number }, at: Pixel, time: number): void {
        const near = (a: Pixel, b: Pixel, most: number) => Math.hypot(a[0] - b[0], a[1] - b[1]) <= most;
        if (!near(pressed.at, at, STILL_PX) || time - pressed.time > HOLD_MS) {
            this.tapped = undefined;
            return;
        }
        const twice = this.tapped && time - this.tapped.time <= TWICE_MS && near(this.tapped.at, at, TWICE_PX);
        this.tapped = twice ? undefined : { at, time };
        if (twice) {
            this.target.controller.turnAlone(this.target.pane);
        }
    }

    private wheel(event: WheelEvent): void {
        event.preventDefault();
        const { controller, pane } = this.target;
        controller.setActive(pane);
        if (event.ctrlKey) {
            zoomBy(controller, pane, Math.exp(-event.deltaY * ZOOM_SPEED), this.at(event));
            return;
        }
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_STEP / 3 : 1;
        this.wheelRest += event.deltaY * lines;
        const steps = Math.trunc(this.wheelRest / WHEEL_STEP);
        this.wheelRest -= steps * WHEEL_STEP;
        scrollBy(controller, pane, steps, this.at(event));
    }
}
