#pragma once
#include <cstddef>
#include <cstdint>

// What reads descriptions, states and data on their way into the engine, given any bytes. Each comes to its end, with an Error of the
// engine's on the way or without; whatever else happens is a finding. `npm run fuzz:native` lets clang's libFuzzer look for such bytes;
// corpus/ has those that it kept, which fuzz_test.cc tries again in every run of the native tests.
namespace gemmfit::fuzz {

void program(const uint8_t* data,
             size_t size);  // a description of a model, its variables and data: planned, trained, evaluated, asked to predict
void state(const uint8_t* data,
           size_t size);  // states of variables and sums, read and written between the steps of a training with a lazy table
void feed(const uint8_t* data, size_t size);  // arrays, and how batches are to be taken from them; and a queue of batches

}  // namespace gemmfit::fuzz
