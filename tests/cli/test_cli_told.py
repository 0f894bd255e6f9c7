"""Facts that a file does not hold and the user gives: a refusal names the option for it."""

from __future__ import annotations

import pytest

COMMANDS = (["check"], ["repair", "--dry-run"], ["convert", "--to", "keras", "--dry-run"])


def test_a_refusal_names_the_writers_that_it_may_be(kfix, sample):
    path = sample("keras-1.2.2-theano", "k1_pooling_alone")
    done = kfix("convert", path, "--to", "keras", "--no-verify")
    assert done.code == 4
    assert "--writer keras-1.2.2-theano or --writer keras-1.2.2-tensorflow" in done.err
    assert "--writer keras-1.2.2-theano" in kfix("check", path).out


def test_the_writer_decides(kfix, sample):
    path = sample("keras-1.2.2-theano", "k1_pooling_alone")
    theano = kfix("convert", path, "--to", "keras", "--dry-run", "--writer", "keras-1.2.2-theano")
    assert (theano.code, "KF216" in theano.out) == (1, True)
    name = "keras-1.2.2-tensorflow"
    tensorflow = kfix("convert", path, "--to", "keras", "--dry-run", "--writer", name)
    assert (tensorflow.code, "KF216" in tensorflow.out) == (1, False)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--writer", "keras-2.2.4"], "contradicts the file, which is of Keras 1.2.2"),
        (["--writer", "tf-1.15"], "contradicts the file, which is of Keras 1.2.2"),
        (["--writer", "theano"], "for example: keras-2.2.4"),
        (["--input-shape", "8,7"], "contradicts the file: input input_"),
        (["--input-shape", "8,x"], "x is no size"),
        (["--input-shape", "nobody=8,7"], "inputs: input_"),
    ],
)
def test_contradictions_are_usage_errors(kfix, sample, command, options, text):
    path = sample("keras-1.2.2-theano", "k1_pooling_alone")
    done = kfix(command[0], path, *command[1:], *options)
    assert done.code == 2
    assert text in done.err
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_verify_is_told_about_its_reference(kfix, sample):
    path = sample("keras-2.2.4", "dense")
    done = kfix("verify", path, path, "--writer", "tf-1.15")
    assert done.code == 2
    assert "contradicts the file" in done.err


def test_a_refusal_says_what_is_known_of_a_shape(kfix, sample):
    path = sample("keras-2.2.4", "no_input_shape_image")
    done = kfix("convert", path, "--to", "keras", "--no-verify")
    assert done.code == 4
    assert "height × width × 3 = 27" in done.err
    assert "--input-shape HEIGHT,WIDTH,2" in done.err


@pytest.mark.parametrize("shape", ["9,8,2", "conv2d_1=9,8,2"])
def test_the_shape_is_told(kfix, sample, shape):
    path = sample("keras-2.2.4", "no_input_shape_image")
    done = kfix("convert", path, "--to", "keras", "--no-verify", "--input-shape", shape)
    assert done.code == 0
    assert path.with_suffix(".keras").exists()


def test_a_shape_that_the_weights_do_not_fit(kfix, sample):
    path = sample("keras-2.2.4", "no_input_shape_image")
    done = kfix("convert", path, "--to", "keras", "--no-verify", "--input-shape", "9,12,2")
    assert done.code == 4
    assert "the weights do not fit" in done.err
    assert not path.with_suffix(".keras").exists()
