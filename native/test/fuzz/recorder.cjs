// Stands in for the addon, and keeps what networks are told.
const addon = require('../../../build/Release/gemmfit.node');

const shapes = new WeakMap();
const recorded = [];
const shapesOf = (list) => list.map((variable) => shapes.get(variable));

class Variable extends addon.Variable {
  constructor(shape) {
    super(shape);
    shapes.set(this, shape);
  }
}
class Network extends addon.Network {
  constructor(spec, variables, slots, states) {
    super(spec, variables, slots, states);
    if (variables instanceof Array)
      recorded.push({ spec, variables: shapesOf(variables), slots: shapesOf(slots), states: states.length });
  }
}
module.exports = { ...addon, Variable, Network, recorded };
