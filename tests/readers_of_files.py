"""Everything that reads a file of somebody else's, and how it is tried."""


def source(path):
    from humans4d_core.io import open_source

    with open_source(path) as opened:
        for _ in opened:
            pass


def messages(path):
    from humans4d_core.io import read_messages

    return list(read_messages(path))


def body(path):
    from humans4d_core.body import load_body

    return load_body(path)


def regressor(path):
    from humans4d_core.body import EMBEDDED_BODY, load_body

    return load_body(EMBEDDED_BODY, path)


def weights(path):
    from humans4d_core.recovery.hmr2.weights_conversion import inspect_weights

    report = inspect_weights(path)
    from humans4d_core.errors import ModelFileError

    if report.problem:
        raise ModelFileError(report.problem)


def predictor(path):
    from humans4d_core.tracking.phalp.pose_predictor_checkpoint import load_pose_predictor

    return load_pose_predictor(path)


def predictor_config(path):
    from humans4d_core.tracking.phalp.pose_predictor_checkpoint import read_config

    return read_config(path)


def onnx(path):
    from humans4d_core.onnx_session import open_session

    return open_session(path)


def own_detector(path):
    from humans4d_core.detection import create_detector

    return create_detector(f"onnx:{path}", 1)


def boxes(path):
    from humans4d_core.io import read_mot

    return read_mot(path)


def tracks(path):
    from humans4d_core.evaluation.mot_tables import read_table

    if not len(read_table(path)):
        from humans4d_core.errors import InputFileError

        raise InputFileError("no tracks: an empty table")


def sequence(path):
    from humans4d_core.evaluation.association.sequences import sequence_info

    return sequence_info(path)


def skeleton(path):
    from humans4d_core.simulation.mocap import read_skeleton

    return read_skeleton(path)


def settings(path):
    from humans4d_core.cli.setting_options import pipeline_config

    return pipeline_config(path)


def exif(path):
    from humans4d_core.errors import InputFileError
    from humans4d_core.io.images.exif_camera import exif_camera

    if exif_camera(path, 640, 480) is None:
        raise InputFileError("no EXIF: nothing is told")


def images():
    """Of a clip, which readers of a truth want to know."""
    from made_scenes import make_images

    return make_images(10)


def truth(format):
    """Reads a truth of one format."""

    def read(path):
        from humans4d_core.evaluation.truth import TruthOptions, read_truth

        options = TruthOptions(format, frame="camera")
        found = read_truth(f"{path}#cam01" if format == "pose2sim" else path, images(), options)
        if not len(found.rows):
            from humans4d_core.errors import InputFileError

            raise InputFileError("nobody: an empty truth")

    return read


def table(path):
    from humans4d_core.evaluation.results.people_table import read_people

    return read_people(path)


def plan(path):
    from humans4d_core.evaluation.results.evaluation_folder import EvaluationFolder

    return EvaluationFolder(path).plan()


def criteria(path):
    from humans4d_core.evaluation.criteria import read_criteria

    return read_criteria(path)


def recording(path):
    from humans4d_core.viewer.recording import open_recording

    return open_recording(path)


def shard(path):
    from humans4d_core.training.hmr2.shards import Shard

    for number in range(len(Shard(path))):
        Shard(path)[number]


def real_poses(path):
    from humans4d_core.training.hmr2.real_poses import read_real_poses

    read_real_poses(path)


def annotations(path):
    from humans4d_core.training.hmr2.coco_people import CocoPeople

    CocoPeople(path, path.parent)


def training(path):
    from humans4d_core.training.hmr2.training_config import read_training_config

    read_training_config(path)


#: Name -> what reads, the suffixes it is tried with, the modules that open the file.
READERS = {
    "video": (source, (".mp4", ".avi"),
              ["io/video/video_opening.py", "io/video/video_timeline.py"]),
    "image": (source, (".png", ".jpg", ".tif"), ["io/images/image_folder.py"]),
    "bag": (source, (".mcap", ".db3"),
            ["io/bags/bag_reader.py", "io/bags/bag_sqlite.py", "io/bags/cut_off_mcap.py"]),
    "packed bag": (messages, ("/metadata.yaml",),
                   ["io/bags/bag_metadata.py", "io/bags/bag_compression.py",
                    "io/bags/bag_messages.py", "io/bags/bag_quality.py"]),
    "body": (body, (".pkl", ".npz"), ["body/body_files.py", "untrusted_files/pickles/pickles.py"]),
    "regressor": (regressor, (".npy", ".pkl"), []),
    "weights": (weights, (".ckpt", ".safetensors"),
                ["untrusted_files/tensor_files/weights_opening.py",
                 "untrusted_files/tensor_files/torch_archive.py"]),
    "pose predictor": (predictor, (".ckpt",), []),
    "its configuration": (predictor_config, (".yaml",),
                          ["tracking/phalp/pose_predictor_checkpoint.py"]),
    "detector": (onnx, (".onnx",), ["onnx_session.py", "embedded_models.py"]),
    "own detector": (own_detector, (".onnx",), []),
    "boxes": (boxes, (".txt",), ["io/results/mot_files.py"]),
    "tracks": (tracks, (".txt",), ["evaluation/mot_tables.py"]),
    "sequence": (sequence, (".ini",), ["evaluation/association/sequences.py"]),
    "settings": (settings, (".yaml",), ["cli/setting_options.py"]),
    "exif": (exif, (".jpg",), ["io/images/exif_camera.py"]),
    "recording": (recording, (".jsonl",), ["viewer/recording.py"]),
    "true tracks": (truth("mot"), (".txt",), ["evaluation/truth/mot_truth.py"]),
    "KITTI's labels": (truth("kitti"), (".txt",), ["evaluation/truth/kitti_truth.py"]),
    "JRDB's labels": (truth("jrdb"), (".json",), ["evaluation/truth/jrdb_truth.py"]),
    "3DPW": (truth("3dpw"), (".pkl",), []),
    "EMDB": (truth("emdb"), (".pkl",), []),
    "pictures": (truth("h36m"), (".npz",), ["evaluation/truth/pictures_truth.py"]),
    "trajectory": (truth("tum"), (".tum",), ["evaluation/truth/trajectory_truth.py"]),
    "true joints": (truth("pose2sim"), (".npz",), ["evaluation/truth/pose2sim_truth.py"]),
    "people of a run": (truth("run"), ("/people.jsonl",), ["evaluation/truth/run_truth.py"]),
    "truth": (truth(None), (".txt",), ["evaluation/truth/truth_reading.py"]),
    "table": (table, (".parquet",), ["evaluation/results/tables.py"]),
    "plan": (plan, ("/plan.json",), ["evaluation/results/evaluation_folder.py"]),
    "criteria": (criteria, (".yaml",), ["evaluation/criteria.py"]),
    "shard": (shard, (".tar",), ["training/hmr2/shards.py"]),
    "real poses": (real_poses, (".npz",), ["training/hmr2/real_poses.py"]),
    "annotations": (annotations, (".json",), ["training/hmr2/coco_people.py"]),
    "training": (training, (".yaml",), ["training/hmr2/training_config.py"]),
    "skeleton": (skeleton, (".asf", ".asf.xz"), ["simulation/mocap.py"]),
}  # fmt: skip
#: Modules that open files which they, or the same package, have written.
OWN_FILES = {
    "io/video/live_camera.py": "a camera, never a file",
    "evaluation/results/fingerprints.py": "bytes for a hash, of a size that is bounded",
    "evaluation/report/page.py": "its own template",
    "recovery/landmarks/point_corrector.py": "weights of this package, or of its training",
    "training/hmr2/train_hmr2.py": "what the training has written itself",
    "training/landmarks/rendered_pairs.py": "pairs that the training has rendered",
    "io/video/video_writer.py": "the end of the video that it writes",
    "recovery/hmr2/engines/tensorrt_engine.py": "the network that `humans4d export` has written",
    "recovery/hmr2/engines/onnx_engine.py": "the network that it has exported itself",
    "recovery/hmr2/engines/openvino_engine.py": "the network that it has converted itself",
}
