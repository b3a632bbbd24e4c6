// Lines of C as clang-format would break them: LLVM style, 4 columns, 100 wide.

const WIDTH = 100;

/** `head` + items joined + `tail`, filled to the width; lines after the first stand under the first item. */
export function fill(head, items, separator, tail) {
  const indent = ' '.repeat(head.length);
  const lines = [];
  let line = head;
  items.forEach((item, index) => {
    const last = index === items.length - 1;
    const text = item + (last ? tail : separator.trimEnd());
    const fresh = line === head || line === indent;
    if (!fresh && line.length + 1 + text.length > WIDTH) {
      lines.push(line);
      line = indent + text;
    } else {
      line += (fresh ? '' : ' ') + text;
    }
  });
  lines.push(line);
  return lines.join('\n');
}

/** A function's head: `bool x_read(struct reader *reader, ...)` and what follows it. */
export function signature(head, parameters, tail) {
  return fill(`${head}(`, parameters, ', ', `)${tail}`);
}

/** `if (a && b) {` ... `}` around one statement. */
export function guarded(conditions, statement) {
  return `${fill('    if (', conditions, ' && ', ') {')}\n        ${statement}\n    }`;
}

/** A comment of its own, wrapped. */
export function comment(text, indent = '') {
  const words = text.split(/\s+/);
  const lines = [];
  let line = `${indent}/*`;
  for (const word of words) {
    if (line.length + 1 + word.length > WIDTH - 3) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  lines.push(`${line} */`);
  return lines.join('\n');
}

/** `declaration; // text` where it fits, otherwise the text above it. */
export function member(declaration, doc) {
  const beside = `    ${declaration}; /* ${doc} */`;
  if (doc === '' || beside.length <= WIDTH) {
    return doc === '' ? `    ${declaration};` : beside;
  }
  return `${comment(doc, '    ')}\n    ${declaration};`;
}

/** Members with their comments in one column, as clang-format aligns them. */
export function members(list) {
  const lines = list.map(([declaration, doc]) => ({ code: `    ${declaration}`, doc }));
  const blocks = [];
  for (const line of lines) {
    const long = line.code.length + line.doc.length + 8 > WIDTH;
    if (long) {
      blocks.push({ above: comment(line.doc, '    '), code: line.code });
    } else {
      blocks.push({ code: line.code, doc: line.doc });
    }
  }
  return alignComments(blocks);
}

function alignComments(blocks) {
  const out = [];
  let run = [];
  const flush = () => {
    let rest = run;
    while (rest.length > 0) {
      let size = rest.length;
      let column = 0;
      for (size = rest.length; size > 0; size--) {
        column = Math.max(...rest.slice(0, size).map((block) => block.code.length + 1));
        const fits = rest.slice(0, size).every((block) => column + block.doc.length + 6 <= WIDTH);
        if (fits || size === 1) {
          break;
        }
      }
      for (const block of rest.slice(0, size)) {
        out.push(`${block.code.padEnd(column)}/* ${block.doc} */`);
      }
      rest = rest.slice(size);
    }
    run = [];
  };
  for (const block of blocks) {
    if (block.above !== undefined) {
      flush();
      out.push(block.above, block.code);
    } else if (block.doc === '') {
      flush();
      out.push(block.code);
    } else {
      run.push(block);
    }
  }
  flush();
  return out.join('\n');
}
