// What one field is in C: its declaration, and the expressions that read, write, copy and compare it.
import { snake, upper } from './names.mjs';

const C_SCALARS = {
  bool: 'bool ',
  u8: 'uint8_t ',
  u16: 'uint16_t ',
  u32: 'uint32_t ',
  u64: 'uint64_t ',
  i32: 'int32_t ',
  i64: 'int64_t ',
  f32: 'float ',
  f64: 'double ',
  uuid: 'struct uuid ',
  time: 'int64_t ',
  version: 'uint64_t ',
  text: 'struct text ',
  bytes: 'struct bytes ',
};

/** The word that names a type's functions: `text`, `agenda_item`. */
export function word(type) {
  return type.target ? snake(type.target.name) : type.base;
}

/** The name of the struct of a list or map. */
export function containerName(type) {
  return type.base === 'map' ? `text_${word(type.value)}_map` : `${word(type.item)}_list`;
}

/** Ends in a space or a star, so that a name follows directly. */
export function cType(type) {
  switch (type.base) {
    case 'enum':
      return `enum ${word(type)} `;
    case 'record':
      return `struct ${word(type)} `;
    case 'list':
    case 'map':
      return `struct ${containerName(type)} `;
    case 'optional':
      return cType(type.item);
    default:
      return C_SCALARS[type.base];
  }
}

export function declarations(field) {
  const { type, name } = field;
  switch (type.base) {
    case 'reserved':
      return [];
    case 'optional':
      return [
        [`bool has_${name};`, ''],
        [`${cType(type.item)}${name};`, field.doc],
      ];
    default:
      return [[`${cType(type)}${name};`, field.doc]];
  }
}

/** Bounds that the functions of a type take, between the arena and the value. */
export function bounds(type) {
  switch (type.base) {
    case 'text':
    case 'bytes':
      return [type.lengthMax];
    case 'list':
      return [type.countMax, ...bounds(type.item)];
    case 'map':
      return [type.countMax, type.keyMax];
    default:
      return [];
  }
}

export function functionStem(type) {
  switch (type.base) {
    case 'record':
    case 'enum':
      return word(type);
    case 'list':
    case 'map':
      return containerName(type);
    default:
      return null;
  }
}

export function usesArena(type) {
  return ['record', 'list', 'map'].includes(type.base === 'optional' ? type.item.base : type.base);
}

export function readExpression(type, target) {
  const stem = functionStem(type);
  if (stem === null) {
    return `reader_${type.base}(${['reader', ...bounds(type), target].join(', ')})`;
  }
  const arena = usesArena(type) ? ['arena'] : [];
  return `${stem}_read(${['reader', ...arena, ...bounds(type), target].join(', ')})`;
}

export function writeExpression(type, value, address) {
  const stem = functionStem(type);
  if (type.base === 'enum') {
    return `writer_enum(writer, ${upper(type.target.name)}_COUNT, ${value})`;
  }
  if (stem === null) {
    const verb = type.base === 'bytes' ? 'bytes_value' : type.base;
    return `writer_${verb}(${['writer', ...bounds(type), value].join(', ')})`;
  }
  return `${stem}_write(${['writer', ...bounds(type), address].join(', ')})`;
}

/** Whether a copy must do more than assign. */
export function isDeep(type) {
  switch (type.base) {
    case 'text':
    case 'bytes':
    case 'list':
    case 'map':
      return true;
    case 'optional':
      return isDeep(type.item);
    case 'record':
      return type.target.fields.some((field) => isDeep(field.type));
    default:
      return false;
  }
}

export function copyStatement(type, from, to) {
  switch (type.base) {
    case 'text':
      return `${to} = arena_text(arena, ${from});`;
    case 'bytes':
      return `${to} = arena_bytes(arena, ${from});`;
    default:
      return `${functionStem(type)}_copy(arena, &${to}, &${from});`;
  }
}

export function equalExpression(type, a, b) {
  switch (type.base) {
    case 'text':
    case 'bytes':
    case 'uuid':
      return `${type.base}_equal(${a}, ${b})`;
    case 'record':
    case 'list':
    case 'map':
      return `${functionStem(type)}_equal(&${a}, &${b})`;
    default:
      return `${a} == ${b}`;
  }
}

function floatLiteral(value, suffix) {
  return `${Number.isInteger(value) ? value.toFixed(1) : value}${suffix}`;
}

export function literal(field) {
  const { type, default: value } = field;
  switch (type.base) {
    case 'f32':
      return floatLiteral(value, 'f');
    case 'f64':
      return floatLiteral(value, '');
    case 'text':
      return `{${Buffer.byteLength(value)}, "${value}"}`;
    case 'enum':
      return `${upper(type.target.name)}_${value.toUpperCase()}`;
    default:
      return String(value);
  }
}

/** Whether the declared default says more than zeroed memory does. */
export function hasDefault(field) {
  const { type, default: value } = field;
  if (type.base === 'record') {
    return type.target.fields.some(hasDefault);
  }
  if (value === undefined) {
    return false;
  }
  const zero = type.base === 'enum' ? type.target.members[0].name : '';
  return value !== 0 && value !== false && value !== zero;
}

/** `{.rows = 1, .window = {...}}` */
export function initialiser(block) {
  const parts = block.fields.filter(hasDefault).map((field) => {
    const value = field.type.base === 'record' ? initialiser(field.type.target) : literal(field);
    return `.${field.name} = ${value}`;
  });
  return parts.length === 0 ? '{0}' : `{${parts.join(', ')}}`;
}

/** A condition that holds when `value` is not the field's default; null when it never matters. */
export function differs(field) {
  const { type, name, default: value } = field;
  const at = `from->${name}`;
  switch (type.base) {
    case 'reserved':
      return null;
    case 'optional':
      return `from->has_${name}`;
    case 'text':
      return value ? `!text_equal(${at}, TEXT("${value}"))` : `${at}.length != 0`;
    case 'bytes':
      return `${at}.length != 0`;
    case 'list':
    case 'map':
      return `${at}.count != 0`;
    case 'uuid':
      return `!uuid_is_zero(${at})`;
    case 'record':
      return `!${word(type)}_equal(&${at}, &${word(type)}_default)`;
    case 'bool':
      return value ? `!${at}` : at;
    case 'enum':
      return `${at} != ${upper(type.target.name)}_${(value ?? type.target.members[0].name).toUpperCase()}`;
    default:
      return `${at} != ${value === undefined ? 0 : literal(field)}`;
  }
}
